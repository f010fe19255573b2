/// The moments at which an expression is evaluated: `start`, `start + step`, …, `count` of them (at least none).
struct StepGrid: Sendable {
    /// Milliseconds since 1970.
    let start: Int64
    /// Milliseconds, positive.
    let step: Int64
    let count: Int

    init(start: Int64, step: Int64, count: Int) {
        self.start = start
        self.step = step
        self.count = count
    }

    /// Up to and including `through`; no steps if that lies before `from`.
    init(from: Int64, through: Int64, step: Int64) throws(PromQLError) {
        start = from
        self.step = step
        guard through >= from else {
            count = 0
            return
        }
        guard let count = Int(exactly: (through - from) / step + 1) else {
            throw PromQLError(execution: "a range of \(through - from) ms has too many steps of \(step) ms")
        }
        self.count = count
    }

    var end: Int64 { start + Int64(max(0, count - 1)) * step }

    func time(_ index: Int) -> Int64 { start + Int64(index) * step }

    /// Only the first step, for what is the same at all of them.
    var firstOnly: StepGrid { StepGrid(start: start, step: step, count: min(1, count)) }
}
