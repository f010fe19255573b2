/// Why a backup was not made, not restored, or is not good.
package enum BackupError: Error, CustomStringConvertible {
    case noDataFolder(path: String)
    case destinationInUse(path: String)
    case foreignPartial(path: String, file: String)
    case noSpace(path: String, needed: Int, available: Int)
    /// Blocks came and went faster than they could be copied.
    case unstable(rounds: Int)
    case cannotLink(path: String, reason: String)
    case noManifest(path: String, reason: String)
    case damaged(path: String, problems: [BackupProblem])
    case targetNotEmpty(path: String, file: String)
    case targetHalfRestored(path: String)

    package var description: String {
        switch self {
        case .noDataFolder(let path):
            "there is no data folder at \(path): expected a folder with log.sqlite in it; see --data"
        case .destinationInUse(let path):
            "\(path) exists and is not empty: expected a new name, such as one with the date in it"
        case .foreignPartial(let path, let file):
            "\(path) is not what an interrupted backup leaves (it has \(file)): move it away, or choose another --to"
        case .noSpace(let path, let needed, let available):
            "not enough space for \(path): about \(needed.byteText) are needed, \(available.byteText) are free"
        case .unstable(let rounds):
            "the data folder's blocks changed during each of \(rounds) tries to copy them; try again later"
        case .cannotLink(let path, let reason):
            "cannot link \(path): \(reason); links need the backup on the same file system as the data: leave --link out"
        case .noManifest(let path, let reason):
            "there is no complete backup at \(path): \(reason)"
        case .damaged(let path, let problems):
            (["the backup at \(path) is damaged; nothing was restored:"] + problems.map { "  \($0)" })
                .joined(separator: "\n")
        case .targetNotEmpty(let path, let file):
            "\(path) is not empty (it has \(file)): restore into a new or empty folder"
        case .targetHalfRestored(let path):
            "\(path) holds a restore that was broken off: remove what is in it, then restore again"
        }
    }
}

/// A file of a backup that is not as the manifest says.
package struct BackupProblem: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    package let expected: String
    package let found: String

    package var description: String { "\(file): expected \(expected), found \(found)" }
}

extension Int {
    /// Bytes for people: `12 B`, `3.4 KiB`, `1.2 GiB`.
    package var byteText: String {
        var amount = Double(self)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if amount < 1024 {
                return unit == "B" ? "\(self) B" : "\((amount * 10).rounded() / 10) \(unit)"
            }
            amount /= 1024
        }
        return "\((amount * 10).rounded() / 10) TiB"
    }
}
