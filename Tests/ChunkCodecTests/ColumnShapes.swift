import ChunkCodec
import TestSupport

/// Columns of every character that the encoder has a form for, and of some that it has none for.
enum ColumnShapes {
    static let valueShapes: [(name: String, make: @Sendable (Int, inout SeededGenerator) -> [Double])] = [
        (
            "constant",
            { count, random in [Double](repeating: Double(Int.random(in: -9...9, using: &random)), count: count) }
        ),
        ("constant pattern", { count, random in [Double](repeating: Double(bitPattern: random.next()), count: count) }),
        (
            "decimals",
            { count, random in
                let places = Int.random(in: 0...17, using: &random)
                let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
                let limit = Int64.random(in: 1...(1 << Int64.random(in: 1...52, using: &random)), using: &random)
                return (0..<count).map { _ in Double(Int64.random(in: -limit...limit, using: &random)) / scale }
            }
        ),
        (
            "counter with resets",
            { count, random in
                var value = Int.random(in: 0...1 << 40, using: &random)
                let step = Int.random(in: 1...1 << 20, using: &random)
                return (0..<count).map { _ in
                    value += Int.random(in: 0...step, using: &random)
                    if Int.random(in: 0..<100, using: &random) == 0 { value = 0 }
                    return Double(value)
                }
            }
        ),
        (
            "rare steps",
            { count, random in
                var value = 0.5
                return (0..<count).map { _ in
                    if Int.random(in: 0..<20, using: &random) == 0 { value += 1 }
                    return value
                }
            }
        ),
        (
            "walk",
            { count, random in
                var value = 0
                return (0..<count).map { _ in
                    value += (0..<8).reduce(0) { sum, _ in sum + Int.random(in: -20...20, using: &random) }
                    return Double(value) / 100
                }
            }
        ),
        (
            "spikes",
            { count, random in
                (0..<count).map { _ in
                    let spike = Int.random(in: 0..<50, using: &random) == 0 ? 1_000 : 1
                    return Double(Int.random(in: 200...300, using: &random) * spike) / 10
                }
            }
        ),
        (
            "smooth curve",
            { count, random in
                let a = Int.random(in: -1_000...1_000, using: &random)
                return (0..<count).map { Double($0 * $0 * 3 + a * $0) }
            }
        ),
        (
            "pages",
            { count, random in (0..<count).map { _ in Double(Int.random(in: -500...90_000, using: &random) * 4_096) } }
        ),
        (
            "averages",
            { count, random in
                (0..<count).map { _ in
                    Int.random(in: 0..<60, using: &random) == 0
                        ? .nan
                        : Double((0..<5).reduce(0) { sum, _ in sum + Int.random(in: 0...99, using: &random) }) / 5
                }
            }
        ),
        ("full precision", { count, random in (0..<count).map { _ in Double.random(in: 0..<1, using: &random) } }),
        (
            "full precision, wide",
            { count, random in (0..<count).map { _ in Double.random(in: -1e9...1e9, using: &random) } }
        ),
        (
            "float32",
            { count, random in (0..<count).map { _ in Double(Float.random(in: -10...10, using: &random)) } }
        ),
        (
            "rounding errors",
            { count, random in
                (0..<count).map { _ in
                    let value = Double(Int.random(in: 0...99_999, using: &random)) / 1_000
                    let units =
                        Int.random(in: 0..<4, using: &random) == 0 ? Int64.random(in: -3...3, using: &random) : 0
                    return Double(bitPattern: value.bitPattern &+ UInt64(bitPattern: units))
                }
            }
        ),
        (
            "decimals with exceptions",
            { count, random in
                (0..<count).map { _ in
                    Int.random(in: 0..<12, using: &random) == 0
                        ? RoundTripTests.specialValues.randomElement(using: &random) ?? 0
                        : Double(Int.random(in: 0...500, using: &random)) / 4
                }
            }
        ),
        (
            "special values",
            { count, random in (0..<count).map { _ in RoundTripTests.specialValues.randomElement(using: &random) ?? 0 }
            }
        ),
        ("any patterns", { count, random in (0..<count).map { _ in Double(bitPattern: random.next()) } }),
        (
            "subnormals",
            { count, random in (0..<count).map { _ in Double(bitPattern: random.next() >> 40) } }
        ),
        (
            "powers of two",
            { count, random in
                (0..<count).map { _ in
                    Double(sign: .minus, exponent: Int.random(in: -1_022...1_023, using: &random), significand: 1)
                }
            }
        ),
        (
            "few full-precision values",
            { count, random in
                let values = (0..<3).map { _ in Double.random(in: 0..<1, using: &random) }
                return (0..<count).map { _ in values.randomElement(using: &random) ?? 0 }
            }
        ),
        (
            "mixed parts",
            { count, random in
                var value = 1.0
                return (0..<count).map { index in
                    switch index / 97 % 4 {
                    case 0: value += 1
                    case 1: value = Double.random(in: 0..<1, using: &random)
                    case 2: value = Double(bitPattern: random.next())
                    default: value = 12.25
                    }
                    return value
                }
            }
        ),
    ]

    static let timestampShapes: [(name: String, make: @Sendable (Int, inout SeededGenerator) -> [Int64])] = [
        ("steady", { count, _ in (0..<count).map { 1_700_000_000_000 + Int64($0) * 15_000 } }),
        ("all equal", { count, random in [Int64](repeating: Int64(bitPattern: random.next()), count: count) }),
        (
            "jitter",
            { count, random in
                (0..<count).map { 1_700_000_000_000 + Int64($0) * 15_000 + Int64.random(in: -5...5, using: &random) }
            }
        ),
        (
            "gaps",
            { count, random in
                var time: Int64 = 1_700_000_000_000
                return (0..<count).map { _ in
                    time += Int.random(in: 0..<40, using: &random) == 0 ? 3_600_000 : 15_000
                    return time
                }
            }
        ),
        (
            "repeats",
            { count, random in
                var time: Int64 = -50
                return (0..<count).map { _ in
                    time += Int64.random(in: 0...1, using: &random) * 60_000
                    return time
                }
            }
        ),
        (
            "events",
            { count, random in
                var time: Int64 = 0
                return (0..<count).map { _ in
                    time += Int64.random(in: 0...(1 << Int64.random(in: 0...24, using: &random)), using: &random)
                    return time
                }
            }
        ),
        ("any", { count, random in (0..<count).map { _ in Int64(bitPattern: random.next()) }.sorted() }),
        (
            "extremes",
            { count, random in
                (0..<count).map { _ in
                    [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max].randomElement(using: &random) ?? 0
                }.sorted()
            }
        ),
    ]

    /// Exhaustive small ones, and those around the borders of frames.
    static let counts =
        Array(1...20) + [63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1_024, 1_025, 1_100, 5_000]

    static func encodedValues(_ shape: Int, _ count: Int, seed: UInt64, effort: ChunkCodec.Effort = .best) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return ChunkCodec.encodeValues(valueShapes[shape].make(count, &random), effort: effort)
    }
}
