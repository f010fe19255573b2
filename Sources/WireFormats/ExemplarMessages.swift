import TelemetryModel

/// Exemplars of remote write. Both versions have the value in field 2 and the time, in milliseconds, in field 3.
enum ExemplarMessages {
    /// `prometheus.Exemplar`; nil if there is something wrong with it.
    static func version1(_ range: ByteRange, _ message: Span<UInt8>) -> Exemplar? {
        read(range, message) { (fields, key, labels) throws in
            guard key == .bytes(1) else { return false }
            let (name, value) = try ProtobufFields.pair(try fields.bytes(message), message)
            try append(name, value, to: &labels, message)
            return true
        }
    }

    /// `io.prometheus.write.v2.Exemplar`, likewise.
    ///
    /// - Parameter symbols: of the request.
    static func version2(_ range: ByteRange, symbols: [ByteRange], _ message: Span<UInt8>) -> Exemplar? {
        var open: ByteRange?
        func take(_ reference: UInt64, _ labels: inout [Label]) throws {
            guard reference < UInt64(symbols.count) else { throw BadExemplar() }
            let symbol = symbols[Int(reference)]
            guard let name = open else {
                open = symbol
                return
            }
            open = nil
            try append(name, symbol, to: &labels, message)
        }
        let exemplar = read(range, message) { (fields, key, labels) throws in
            switch key {
            case .bytes(1):
                var packed = ProtobufFields(try fields.bytes(message))
                while !packed.isAtEnd { try take(try packed.varint(message), &labels) }
            case .varint(1): try take(try fields.varint(message), &labels)
            default: return false
            }
            return true
        }
        return open == nil ? exemplar : nil
    }

    /// Stops at the bounds: a few bytes of version 2 may ask for any number of copies of a long text.
    private static func append(
        _ name: ByteRange, _ value: ByteRange, to labels: inout [Label], _ message: Span<UInt8>
    ) throws {
        guard labels.count < ExemplarLabels.most, name.count + value.count <= ExemplarLabels.bytes else {
            throw BadExemplar()
        }
        labels.append(Label(try message.text(name), try message.text(value)))
    }

    /// What is wrong with it is not asked: its sample is taken, and it is counted.
    private struct BadExemplar: Error {}

    /// - Parameter readLabels: reads a field if it has labels, and says whether it has.
    private static func read(
        _ range: ByteRange, _ message: Span<UInt8>,
        _ readLabels: (inout ProtobufFields, ProtobufFields.Key, inout [Label]) throws -> Bool
    ) -> Exemplar? {
        var labels: [Label] = []
        var (value, timestamp) = (0.0, Int64(0))
        var fields = ProtobufFields(range)
        do {
            while !fields.isAtEnd {
                let key = try fields.key(message)
                switch key {
                case .fixed64(2): value = try fields.double(message)
                case .varint(3): timestamp = try fields.signed(message)
                default:
                    if try !readLabels(&fields, key, &labels) { try fields.skip(key, message) }
                }
            }
        } catch {
            return nil
        }
        return Exemplar(
            checked: ExemplarLabels.checked(labels, characters: ExemplarLabels.characters), value: value,
            timestamp: timestamp)
    }
}
