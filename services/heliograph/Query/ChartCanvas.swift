/// A drawing of dots, two across and four down in each character cell, or of one mark a cell.
///
/// Braille patterns are in Unicode by their dots (https://www.unicode.org/charts/PDF/U2800.pdf).
struct ChartCanvas {
    let columns: Int
    let rows: Int
    /// Dots of each cell, row by row.
    private var dots: [UInt8]
    /// The series that drew last in the cell.
    private var owners: [Int?]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = Array(repeating: 0, count: columns * rows)
        owners = Array(repeating: nil, count: columns * rows)
    }

    var dotColumns: Int { columns * 2 }
    var dotRows: Int { rows * 4 }

    /// Sets the dot at `x` from the left and `y` from the top; outside is nothing to draw.
    mutating func set(_ x: Int, _ y: Int, series: Int) {
        guard (0..<dotColumns).contains(x), (0..<dotRows).contains(y) else { return }
        let cell = y / 4 * columns + x / 2
        // Dots 1, 2, 3, 7 are the left column from the top, 4, 5, 6, 8 the right one.
        let left: [UInt8] = [0x01, 0x02, 0x04, 0x40]
        let right: [UInt8] = [0x08, 0x10, 0x20, 0x80]
        dots[cell] |= (x % 2 == 0 ? left : right)[y % 4]
        owners[cell] = series
    }

    /// A straight line between two dots (Bresenham's algorithm), both ends included.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), series: Int) {
        var (x, y) = start
        let dx = abs(end.x - x)
        let dy = -abs(end.y - y)
        let stepX = x < end.x ? 1 : -1
        let stepY = y < end.y ? 1 : -1
        var error = dx + dy
        while true {
            set(x, y, series: series)
            if x == end.x, y == end.y { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += stepX
            }
            if twice <= dx {
                error += dx
                y += stepY
            }
        }
    }

    /// A row's text: braille patterns, or `mark` of the series in each cell that has a dot.
    func row(_ row: Int, mark: ((Int) -> String)? = nil, ink: (String, Int) -> String) -> String {
        var text = ""
        // Cells of one series in a row are coloured together.
        var run = (series: Int?.none, text: "")
        func endRun() {
            text += run.series.map { ink(run.text, $0) } ?? run.text
            run = (nil, "")
        }
        for column in 0..<columns {
            let cell = row * columns + column
            if owners[cell] != run.series { endRun() }
            run.series = owners[cell]
            let pattern = Unicode.Scalar(0x2800 + UInt32(dots[cell])).map { String(Character($0)) } ?? " "
            run.text += owners[cell].map { mark?($0) ?? pattern } ?? " "
        }
        endRun()
        return text
    }
}

/// Round numbers over a stretch of values.
struct ChartScale {
    let minimum: Double
    let maximum: Double
    /// Ascending, all inside.
    let ticks: [Double]
    private let step: Double

    /// - Parameter count: how many ticks there should be, about.
    init(_ low: Double, _ high: Double, count: Int) {
        var (low, high) = (low, high)
        if low == high {
            let margin = low == 0 ? 1 : abs(low) * 0.1
            low -= margin
            high += margin
        }
        var step = ChartScale.round((high / 2 - low / 2) / Double(max(1, count)) * 2)
        if !step.isFinite || step <= 0 { step = .greatestFiniteMagnitude / 4 }
        self.step = step
        minimum = low
        maximum = high
        var ticks: [Double] = []
        let first = (low / step).rounded(.up)
        for index in 0..<(count * 3) {
            let tick = (first + Double(index)) * step
            guard tick <= high else { break }
            ticks.append(tick == 0 ? 0 : tick)
        }
        self.ticks = ticks
    }

    /// The next of 1, 2, 5 × 10^n.
    private static func round(_ step: Double) -> Double {
        guard step > 0, step.isFinite else { return step }
        var power = 1.0
        while power * 10 <= step { power *= 10 }
        while power > step { power /= 10 }
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step * 0.999_999 } ?? power * 10
    }

    /// Where a value lies, 0 at the minimum and 1 at the maximum.
    func position(_ value: Double) -> Double { (value / 2 - minimum / 2) / (maximum / 2 - minimum / 2) }

    /// A tick with as many decimals as tell it from its neighbours, large ones with a letter for the power.
    func label(_ value: Double) -> String {
        let letters: [(Double, String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")]
        let largest = max(abs(minimum), abs(maximum))
        if largest >= 1e15 || largest < 1e-4 { return "\(Float(value))" }
        let (unit, letter) = letters.first { largest >= $0.0 } ?? (1, "")
        let scale = letter == "k" ? 1000 : unit
        var decimals = 0
        var digit = step / scale
        while digit < 0.999_999, decimals < 9 {
            digit *= 10
            decimals += 1
        }
        return ChartScale.fixed(value / scale, decimals) + letter
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        var power = 1.0
        for _ in 0..<decimals { power *= 10 }
        guard let scaled = Int64(exactly: (abs(value) * power).rounded()) else { return "\(Float(value))" }
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
}
