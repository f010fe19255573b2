import WireFormats

extension DecoderUnderTest {
    static let content = [
        coding("gzip") {
            try ContentDecoding.gunzip($0.span, limit: $1)
        } encode: { content in
            guard let deflater = try? GzipDeflater() else { return nil }
            return deflater.whole(content.span)
        },
        coding("deflate") { try ContentDecoding.inflate($0.span, limit: $1) },
        coding("zstd") { try ContentDecoding.zstd($0.span, limit: $1) },
        coding("snappy") {
            try ContentDecoding.snappy($0.span, limit: $1)
        } encode: {
            Snappy.compress($0.span)
        },
        base64,
    ]

    /// Decompression never makes more than the limit, and says the same under every limit that suffices.
    private static func coding(
        _ name: String, decode: @escaping @Sendable ([UInt8], Int) throws -> [UInt8],
        encode: @escaping @Sendable ([UInt8]) -> [UInt8]? = { _ in nil }
    ) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: ["GzipInflater", "GzipDeflater", "ZstdInflater", "Snappy"]) {
            { input in
                let limit = 1 << 16
                var account = DecodingAccount()
                do {
                    let content = try decode(input, limit)
                    account.note(DecodingAccount.digest(content), size: content.count)
                    account.require(content.count <= limit, "\(content.count) bytes, more than the limit")
                    account.require((try? decode(input, content.count)) == content, "refused at exactly its size")
                    account.require(
                        content.isEmpty || (try? decode(input, content.count - 1)) == nil,
                        "taken although it is larger than the limit")
                } catch {
                    account.note("\(error)")
                }
                if let encoded = encode(input) {
                    account.require((try? decode(encoded, input.count)) == input, "compressed and back, it is another")
                }
                return account
            }
        }
        decoder.growth = 0
        decoder.tokens = ["\u{1F}", "x\u{1}", "(", "\u{0}\u{0}\u{0}\u{0}"]
        return decoder
    }

    private static let base64: DecoderUnderTest = {
        var decoder = DecoderUnderTest("base64", of: ["Base64"]) {
            { input in
                var account = DecodingAccount()
                let bytes = Base64.bytes(input)
                account.note("\(bytes ?? [])", size: bytes?.count ?? 0)
                account.require((bytes?.count ?? 0) <= input.count, "more bytes than there were digits")
                return account
            }
        }
        decoder.tokens = ["=", "==", "-", "_", "+", "/"]
        return decoder
    }()
}
