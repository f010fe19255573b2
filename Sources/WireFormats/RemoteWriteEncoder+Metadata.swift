package import TelemetryModel

extension RemoteWriteEncoder {
    /// A `prometheus.WriteRequest` of metadata alone, not compressed.
    package static func message(_ families: some Sequence<FamilyMetadata>) -> [UInt8] {
        var writer = ProtobufWriter()
        for family in families {
            writer.message(3) { message in
                let metadata = family.metadata
                if metadata.type != .unknown { message.int64(1, Int64(metadata.type.rawValue)) }
                message.string(2, family.family)
                if !metadata.help.isEmpty { message.string(4, metadata.help) }
                if !metadata.unit.isEmpty { message.string(5, metadata.unit) }
            }
        }
        return writer.bytes
    }
}
