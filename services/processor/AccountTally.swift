import IngestLog

/// Counts per account for one batch, in memory that is kept from batch to batch: what was not touched costs nothing.
struct AccountTally {
    enum Fate { case stored, dropped, refused }

    private var counts: [LedgerCounts] = []
    private var touched: [Int32] = []

    mutating func begin(accounts: Int) {
        if counts.count < accounts {
            counts.append(contentsOf: repeatElement(LedgerCounts(), count: accounts - counts.count))
        }
    }

    mutating func accepted(_ account: Int32, _ fate: Fate) {
        let index = Int(account)
        if counts[index].accepted == 0 { touched.append(account) }
        counts[index].accepted += 1
        switch fate {
        case .stored: counts[index].stored += 1
        case .dropped: counts[index].dropped += 1
        case .refused: counts[index].refused += 1
        }
    }

    /// Of a record that was counted as stored.
    mutating func duplicate(_ account: Int32) {
        counts[Int(account)].stored -= 1
        counts[Int(account)].duplicate += 1
    }

    /// What was counted since `begin`; starts anew.
    mutating func finish() -> [(account: Int32, counts: LedgerCounts)] {
        let result = touched.map { account in (account: account, counts: counts[Int(account)]) }
        for account in touched { counts[Int(account)] = LedgerCounts() }
        touched.removeAll(keepingCapacity: true)
        return result
    }
}
