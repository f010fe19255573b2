/// The ways to write a column of values; each gives a whole column, sealed.
enum ValueForms {
    static func smallest(_ values: Span<Double>, effort: ChunkCodec.Effort) -> [UInt8] {
        if SampleLoops.isConstant(values) { return constant(values) }
        var best: [UInt8]?
        if let decimal = DecimalScale(values) {
            let bytes = decimals(decimal, search: search(effort, values.count))
            // Decimals of few digits are packed as well as anything can; only long ones may be something else.
            if decimal.isClean, bytes.count < values.count * 4 + 16 { return bytes }
            best = bytes
        }
        func consider(_ bytes: [UInt8]) {
            if bytes.count < best?.count ?? Int.max { best = bytes }
        }
        if let binary = BinaryScale.integers(values) {
            consider(binaries(binary.integers, exponent: binary.exponent, search: search(effort, values.count)))
        }
        // Patterns of random values take 6.6 bytes and more; what takes less already is better described.
        if effort == .best || best?.count ?? Int.max > values.count * 7 {
            let quick = patterns(values, search: search(.fast, values.count))
            // The last few percent are worth looking for only if they decide.
            if effort == .best, quick.count - quick.count / 16 < best?.count ?? Int.max {
                consider(patterns(values, search: search(effort, values.count)))
            } else {
                consider(quick)
            }
        }
        if effort == .best { consider(differences(values)) }
        let rawByteCount =
            1 + PackedBits.varintByteCount(UInt64(values.count)) + 8 * values.count + ChunkCodec.checksumByteCount
        if let best, best.count < rawByteCount { return best }
        return raw(values)
    }

    private static func search(_ effort: ChunkCodec.Effort, _ count: Int) -> IntegerColumn.Search {
        IntegerColumn.Search(
            models: effort == .best ? [.plain, .steps, .changes] : [.plain, .steps],
            isQuick: effort == .fast, triesPlane: effort == .best && count >= 1_024)
    }

    private static func begin(_ encoding: ChunkEncoding, count: Int) -> PackedBits {
        var stream = PackedBits(capacity: 64 + 4 * count)
        ChunkHeader(encoding: encoding, sampleCount: count).append(to: &stream)
        return stream
    }

    /// Decimal places (1 byte; 31: none) | integer (zigzag), or the pattern (8).
    static func constant(_ values: Span<Double>) -> [UInt8] {
        var stream = begin(.constantValues, count: values.count)
        if let decimal = DecimalScale(values.extracting(0..<1)), decimal.isClean {
            stream.append(UInt8(decimal.exponent))
            stream.append(signed: decimal.integers[0] * decimal.factor)
        } else {
            stream.append(ValueDecoder.noExponent)
            append(values.extracting(0..<1), to: &stream)
        }
        return stream.sealed()
    }

    /// Decimal places and flags (1 byte) | factor (varint) | integer column | units column | exceptions.
    static func decimals(_ decimal: DecimalScale, search: IntegerColumn.Search) -> [UInt8] {
        var stream = begin(.decimalValues, count: decimal.integers.count)
        let hasExceptions = !decimal.exceptions.positions.isEmpty
        stream.append(
            UInt8(decimal.exponent) | (decimal.units.isEmpty ? 0 : ValueDecoder.unitsFlag)
                | (hasExceptions ? ValueDecoder.exceptionsFlag : 0)
                | (decimal.factor == 1 ? 0 : ValueDecoder.factorFlag))
        if decimal.factor != 1 { stream.append(varint: UInt64(decimal.factor)) }
        IntegerColumn.append(decimal.integers.span, search: search, to: &stream)
        if !decimal.units.isEmpty {
            let plain = IntegerColumn.Search(
                models: [.plain], isQuick: search.isQuick, triesPlane: search.triesPlane)
            IntegerColumn.append(decimal.units.span, search: plain, to: &stream)
        }
        if hasExceptions {
            decimal.exceptions.appendParameters(to: &stream)
            decimal.exceptions.appendBits(to: &stream)
            stream.closeByte()
        }
        return stream.sealed()
    }

    /// Exponent (zigzag) | integer column.
    static func binaries(_ integers: [Int64], exponent: Int, search: IntegerColumn.Search) -> [UInt8] {
        var stream = begin(.binaryValues, count: integers.count)
        stream.append(signed: Int64(exponent))
        IntegerColumn.append(integers.span, search: search, to: &stream)
        return stream.sealed()
    }

    /// Shift (1 byte) | integer column.
    static func patterns(_ values: Span<Double>, search: IntegerColumn.Search) -> [UInt8] {
        let patterns = BinaryScale.patterns(values)
        var stream = begin(.patternValues, count: values.count)
        stream.append(UInt8(patterns.shift))
        IntegerColumn.append(patterns.integers.span, search: search, to: &stream)
        return stream.sealed()
    }

    static func differences(_ values: Span<Double>) -> [UInt8] {
        var stream = begin(.xorValues, count: values.count)
        var bits = BitWriter(reservingWords: 8 + values.count)
        ValueColumn.append(values, to: &bits)
        stream.bytes.append(addingCapacity: bits.byteCount) { bits.appendBytes(to: &$0) }
        return stream.sealed()
    }

    static func raw(_ values: Span<Double>) -> [UInt8] {
        var stream = begin(.rawValues, count: values.count)
        append(values, to: &stream)
        return stream.sealed()
    }

    /// Patterns, least significant byte first.
    private static func append(_ values: Span<Double>, to stream: inout PackedBits) {
        stream.bytes.append(addingCapacity: 8 * values.count) { output in
            for index in 0..<values.count {
                var pattern = values[index].bitPattern
                for _ in 0..<8 {
                    output.append(UInt8(truncatingIfNeeded: pattern))
                    pattern >>= 8
                }
            }
        }
    }
}
