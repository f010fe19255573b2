/// Reads one column of values whose checksum is right.
struct ValueDecoder {
    let encoding: ChunkEncoding
    let count: Int
    /// Behind the last byte of the data.
    let limit: Int
    let offset: Int

    static let noExponent: UInt8 = 31
    static let unitsFlag: UInt8 = 0x20
    static let exceptionsFlag: UInt8 = 0x40
    static let factorFlag: UInt8 = 0x80

    init(_ bytes: Span<UInt8>, header: ChunkHeader) throws(ChunkCorruption) {
        try header.expect(.values)
        encoding = header.encoding
        count = header.sampleCount
        limit = bytes.count - ChunkCodec.checksumByteCount
        offset = header.byteCount
    }

    /// - Precondition: `samples` lies within 0..<count.
    func append(_ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]) throws(ChunkCorruption) {
        if samples.isEmpty { return }
        switch encoding {
        case .constantValues: try appendConstant(bytes, count: samples.count, into: &values)
        case .decimalValues: try appendDecimals(bytes, samples: samples, into: &values)
        case .binaryValues: try appendBinaries(bytes, samples: samples, into: &values)
        case .patternValues: try appendPatterns(bytes, samples: samples, into: &values)
        case .xorValues: try appendDifferences(bytes, samples: samples, into: &values)
        default: try appendRaw(bytes, samples: samples, into: &values)
        }
    }

    private func checkEnd(_ offset: Int) throws(ChunkCorruption) {
        guard offset == limit else { throw ChunkCorruption(fault: .bytesAfterData, byteOffset: offset) }
    }

    private func appendConstant(
        _ bytes: Span<UInt8>, count: Int, into values: inout [Double]
    ) throws(ChunkCorruption) {
        var offset = offset
        let exponent = try bytes.byte(at: &offset, limit: limit)
        let value: Double
        if exponent == ValueDecoder.noExponent {
            guard limit - offset >= 8 else { throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit) }
            value = Double(bitPattern: SampleLoops.number(in: bytes, bit: offset * 8, width: 64))
            offset += 8
        } else {
            guard exponent <= DecimalScale.maximumExponent else {
                throw ChunkCorruption(fault: .invalidParameter(.scale, found: exponent), byteOffset: offset - 1)
            }
            let integer = try bytes.signed(at: &offset, limit: limit)
            value = Double(integer) / SampleLoops.powersOfTen[Int(exponent)]
        }
        try checkEnd(offset)
        values.append(addingCapacity: count) { $0.append(repeating: value, count: count) }
    }

    private func appendDecimals(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        var offset = offset
        let head = try bytes.byte(at: &offset, limit: limit)
        let exponent = Int(head & 0x1F)
        guard exponent <= DecimalScale.maximumExponent else {
            throw ChunkCorruption(fault: .invalidParameter(.scale, found: head), byteOffset: offset - 1)
        }
        let divisor = SampleLoops.powersOfTen[exponent]
        let hasFactor = head & ValueDecoder.factorFlag != 0
        let factor = hasFactor ? try bytes.varint(at: &offset, limit: limit) : 1
        try append(bytes, columnAt: offset, samples: samples, into: &values) {
            words, framed, end throws(ChunkCorruption) in
            if factor != 1 { SampleLoops.scale(&words, range: 0..<words.count, unit: factor, start: 0) }
            SampleLoops.divide(&words, by: divisor)
            var end = end
            if head & ValueDecoder.unitsFlag != 0 {
                end = try addUnits(bytes, at: end, samples: framed, to: &words)
            }
            if head & ValueDecoder.exceptionsFlag != 0 {
                end = try placeExceptions(bytes, at: end, samples: framed, in: &words)
            }
            try checkEnd(end)
        }
    }

    private func appendBinaries(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        var offset = offset
        let exponent = try bytes.signed(at: &offset, limit: limit)
        guard exponent >= -960, exponent <= 960 else {
            throw ChunkCorruption(
                fault: .outOfRange(.scale, found: exponent.magnitude, maximum: 960), byteOffset: offset - 1)
        }
        let factor = Double(sign: .plus, exponent: -Int(exponent), significand: 1)
        try append(bytes, columnAt: offset, samples: samples, into: &values) {
            words, _, end throws(ChunkCorruption) in
            SampleLoops.multiply(&words, by: factor)
            try checkEnd(end)
        }
    }

    private func appendPatterns(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        var offset = offset
        let shift = try bytes.byte(at: &offset, limit: limit)
        guard shift < 64 else {
            throw ChunkCorruption(fault: .invalidParameter(.scale, found: shift), byteOffset: offset - 1)
        }
        try append(bytes, columnAt: offset, samples: samples, into: &values) {
            words, _, end throws(ChunkCorruption) in
            SampleLoops.unorder(&words, shift: Int(shift))
            try checkEnd(end)
        }
    }

    /// Decodes the integer column at `columnOffset`, lets `finish` make values of the integers (it gets which samples
    /// they are, and where the column ends), and keeps those that are wanted.
    private func append(
        _ bytes: Span<UInt8>, columnAt columnOffset: Int, samples: Range<Int>, into values: inout [Double],
        finish: (inout MutableSpan<UInt64>, Range<Int>, Int) throws(ChunkCorruption) -> Void
    ) throws(ChunkCorruption) {
        var reader = try FrameReader(bytes, at: columnOffset, limit: limit, sampleCount: count)
        let framed = reader.framed(samples)
        try values.append(addingCapacity: framed.count) {
            (output: inout OutputSpan<Double>) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: framed.count) { words throws(ChunkCorruption) in
                try reader.decode(bytes, overlapping: framed, into: &words, firstSample: framed.lowerBound)
                try finish(&words, framed, reader.offset)
            }
        }
        trim(&values, framed: framed, to: samples)
    }

    /// Of the samples at the end, removes those that are not wanted.
    private func trim(_ values: inout [Double], framed: Range<Int>, to samples: Range<Int>) {
        if framed == samples { return }
        let start = values.count - framed.count
        values.removeLast(framed.upperBound - samples.upperBound)
        values.removeSubrange(start..<(start + samples.lowerBound - framed.lowerBound))
    }

    /// Adds the column of units in the last place; gives where it ends.
    private func addUnits(
        _ bytes: Span<UInt8>, at columnOffset: Int, samples: Range<Int>, to words: inout MutableSpan<UInt64>
    ) throws(ChunkCorruption) -> Int {
        var reader = try FrameReader(bytes, at: columnOffset, limit: limit, sampleCount: count)
        // The frames of this column may be others.
        let framed = reader.framed(samples)
        let units = try [UInt64](capacity: framed.count) { (output) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: framed.count) { units throws(ChunkCorruption) in
                try reader.decode(bytes, overlapping: framed, into: &units, firstSample: framed.lowerBound)
            }
        }
        let first = samples.lowerBound - framed.lowerBound
        SampleLoops.add(units.span.extracting(first..<(first + samples.count)), to: &words)
        return reader.offset
    }

    /// Puts the whole patterns where the exceptions say; gives where they end.
    private func placeExceptions(
        _ bytes: Span<UInt8>, at offset: Int, samples: Range<Int>, in words: inout MutableSpan<UInt64>
    ) throws(ChunkCorruption) -> Int {
        var offset = offset
        let list = try ExceptionList(bytes, at: &offset, limit: limit, sampleCount: count)
        guard (list.bitCount + 7) / 8 <= limit - offset else {
            throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit)
        }
        var walk = list.walk(bit: offset * 8, sampleCount: count)
        while let (index, payload) = try walk.next(bytes) {
            if samples.contains(index) { words[index - samples.lowerBound] = UInt64(bitPattern: payload) }
        }
        return offset + (list.bitCount + 7) / 8
    }

    private func appendDifferences(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        let earlierCount = values.count
        var position = offset * 8
        do throws(ChunkCorruption) {
            // Each value depends on all before it.
            try ValueColumn.decode(bytes, at: &position, count: samples.upperBound, into: &values)
            if samples.upperBound == count {
                try ChunkCodec.checkEnd(of: bytes, at: position, sampleCount: count)
            }
        } catch {
            values.removeLast(values.count - earlierCount)
            throw error
        }
        values.removeSubrange(earlierCount..<(earlierCount + samples.lowerBound))
    }

    private func appendRaw(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        guard limit - offset == 8 * count else {
            throw ChunkCorruption(
                fault: limit - offset < 8 * count ? .dataEndsEarly : .bytesAfterData, byteOffset: limit)
        }
        let bit = 8 * (offset + 8 * samples.lowerBound)
        try values.append(addingCapacity: samples.count) {
            (output: inout OutputSpan<Double>) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: samples.count) { words throws(ChunkCorruption) in
                SampleLoops.unpack(
                    bytes, limit: limit, bit: bit, width: 64, base: 0, into: &words, range: 0..<words.count)
            }
        }
    }
}
