/// Units that can be converted into each other.
enum UnitConversion {
    /// A unit's size in the base unit of its dimension, and where its zero lies there.
    private struct Scale {
        let dimension: String
        let factor: Double
        var zero = 0.0
    }

    /// Prometheus' base units (https://prometheus.io/docs/practices/naming/#base-units) and those that are commonly measured in.
    private static let scales: [String: Scale] = {
        var scales: [String: Scale] = [:]
        func add(_ dimension: String, _ units: KeyValuePairs<String, Double>) {
            for (name, factor) in units { scales[name] = Scale(dimension: dimension, factor: factor) }
        }
        add(
            "time",
            [
                "nanoseconds": 1e-9, "microseconds": 1e-6, "milliseconds": 1e-3, "seconds": 1, "minutes": 60,
                "hours": 3600, "days": 86400,
            ])
        add(
            "data",
            [
                "bits": 0.125, "bytes": 1, "kilobytes": 1e3, "megabytes": 1e6, "gigabytes": 1e9, "terabytes": 1e12,
                "kibibytes": 1024, "mebibytes": 1_048_576, "gibibytes": 1_073_741_824, "tebibytes": 1_099_511_627_776,
            ])
        add("share", ["ratio": 1, "percent": 0.01, "permille": 0.001])
        add(
            "length",
            [
                "millimeters": 1e-3, "centimeters": 1e-2, "meters": 1, "kilometers": 1e3, "feet": 0.3048,
                "miles": 1609.344,
            ]
        )
        add("mass", ["grams": 1, "kilograms": 1e3, "tonnes": 1e6, "pounds": 453.59237])
        add("pressure", ["pascals": 1, "hectopascals": 100, "kilopascals": 1e3, "bars": 1e5, "psi": 6894.757293168361])
        add("energy", ["joules": 1, "kilojoules": 1e3, "watthours": 3600, "kilowatthours": 3.6e6])
        add("power", ["milliwatts": 1e-3, "watts": 1, "kilowatts": 1e3, "megawatts": 1e6])
        add("voltage", ["millivolts": 1e-3, "volts": 1, "kilovolts": 1e3])
        add("current", ["milliamperes": 1e-3, "amperes": 1])
        scales["celsius"] = Scale(dimension: "temperature", factor: 1)
        scales["kelvin"] = Scale(dimension: "temperature", factor: 1, zero: -273.15)
        scales["fahrenheit"] = Scale(dimension: "temperature", factor: 5.0 / 9, zero: -160.0 / 9)
        return scales
    }()

    static var names: [String] { scales.keys.sorted() }

    static func knows(_ unit: String) -> Bool { scales[unit] != nil }

    /// Nil if either is unknown or they measure different things.
    static func transform(from: String, to: String) -> ValueTransform? {
        guard let source = scales[from], let target = scales[to], source.dimension == target.dimension else {
            return nil
        }
        return ValueTransform(
            factor: source.factor / target.factor, offset: (source.zero - target.zero) / target.factor)
    }
}
