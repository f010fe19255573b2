import Foundation

/// What the terminal at standard output can show.
struct TerminalStyle {
    /// Character cells of a line, and lines.
    var width = 100
    var height = 30
    var hasColors = false

    /// Of standard output; without a terminal there, no colours and 100 columns.
    ///
    /// `NO_COLOR` (https://no-color.org) and `TERM=dumb` turn colours off, `COLUMNS` says the width.
    static func current(environment: [String: String] = ProcessInfo.processInfo.environment) -> TerminalStyle {
        var style = TerminalStyle()
        if isatty(STDOUT_FILENO) == 1 {
            style.hasColors = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
            var size = winsize()
            if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
                style.width = Int(size.ws_col)
                style.height = Int(size.ws_row)
            }
        }
        if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { style.width = columns }
        return style
    }

    enum Ink: Int, CaseIterable {
        case cyan = 36
        case yellow = 33
        case green = 32
        case magenta = 35
        case blue = 34
        case red = 31
    }

    /// SGR codes (ECMA-48, section 8.3.117).
    func colored(_ text: String, _ ink: Ink) -> String { hasColors ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text }

    func bold(_ text: String) -> String { hasColors ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    func dim(_ text: String) -> String { hasColors ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}

extension String {
    /// Cells that the text takes, for characters that take one each.
    var cells: Int { count }

    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - cells)) }

    func aligned(right width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - cells)) + self }

    /// At most `width` cells, the last of them an ellipsis if something was cut off.
    func shortened(to width: Int) -> String {
        cells <= width ? self : width < 2 ? String(prefix(Swift.max(0, width))) : prefix(width - 1) + "…"
    }
}
