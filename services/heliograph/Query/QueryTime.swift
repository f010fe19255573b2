import ArgumentParser
import Foundation
import HTTPSupport
import PromQLSyntax

/// A moment as the command line has it: `now`, `-1h`, `now-30m`, RFC 3339, or seconds since 1970.
struct QueryTime: ExpressibleByArgument, Equatable {
    private enum Form: Equatable {
        /// Milliseconds since 1970.
        case absolute(Int64)
        /// Milliseconds after the present moment.
        case relative(Int64)
    }

    private let form: Form

    static let now = QueryTime(.relative(0))

    private init(_ form: Form) { self.form = form }

    init?(argument: String) {
        let text = argument.trimmingCharacters(in: .whitespaces)
        let offset = text.hasPrefix("now") ? text.dropFirst(3) : text[...]
        if text == "now" {
            form = .relative(0)
        } else if let sign = offset.first, sign == "-" || sign == "+",
            let duration = try? PromQLDuration.parse(String(offset.dropFirst()))
        {
            form = .relative(sign == "-" ? -duration : duration)
        } else if let time = try? RequestTime.milliseconds(text, parameter: "time") {
            form = .absolute(time)
        } else {
            return nil
        }
    }

    /// Milliseconds since 1970.
    func milliseconds(now: Int64) -> Int64 {
        switch form {
        case .absolute(let time): time
        case .relative(let offset): now &+ offset
        }
    }
}

/// A length of time: `30s`, `1h30m`, or seconds.
struct QueryDuration: ExpressibleByArgument, Equatable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        if let seconds = Double(argument), seconds > 0, seconds < 1e10 {
            milliseconds = max(1, Int64((seconds * 1000).rounded()))
        } else if let duration = try? PromQLDuration.parse(argument), duration > 0 {
            milliseconds = duration
        } else {
            return nil
        }
    }
}

/// The moments of a range query.
struct QueryRange: Equatable {
    let start: Int64
    let end: Int64
    let step: Int64

    /// Steps that a range is divided into if nobody says how many.
    private static let columns: Int64 = 100
    /// Lengths that people read easily, milliseconds.
    private static let steps: [Int64] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
        900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
    ]

    /// - Parameter step: if it is nil, the shortest easy one that makes at most about a hundred steps.
    init(start: Int64, end: Int64, step: Int64?) {
        self.start = start
        self.end = end
        let (length, overflows) = end.subtractingReportingOverflow(start)
        let wanted = overflows ? 1 << 52 : max(1, length / Self.columns)
        let day = Self.steps[Self.steps.count - 1]
        self.step = step ?? Self.steps.first { $0 >= wanted } ?? (wanted / day + 1) * day
    }
}
