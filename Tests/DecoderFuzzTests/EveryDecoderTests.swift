import DecoderFuzzing
import Foundation
import ServiceDecoderFuzzing
import Testing

extension DecoderUnderTest: CustomTestStringConvertible {
    public var testDescription: String { name }
}

/// That no decoder is forgotten, as far as its name tells.
@Suite struct EveryDecoderTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Entry points that are not in the table, and why.
    private static let others = [
        "RunningTotals": "reads what the log itself wrote beside a batch, and nobody else"
    ]

    /// Functions and types of the package that, by their names, make something of bytes or texts.
    private static let entryPoint =
        #"package (static )?(mutating )?func (decode|parse|read|gunzip|inflate|uncompress|zstd|snappy|compose)\w*\("#
        + #"|package (final class|struct|enum) \w*(Decoder|Inflater|Parser|Reader)\b"#
        + #"|\binit\??\(((json|yaml|reading|text)\w*: (\[UInt8\]|String|Node)|_ message: \[UInt8\])"#

    @Test func everyEntryPointIsInTheTable() throws {
        let known = Set(DecoderUnderTest.all.flatMap(\.sources))
        var files: Set<String> = []
        for folder in ["Sources", "services"] {
            let paths = FileManager.default.enumerator(atPath: Self.root.appendingPathComponent(folder).path)
            while let path = paths?.nextObject() as? String {
                guard path.hasSuffix(".swift") else { continue }
                let text = try String(
                    contentsOf: Self.root.appendingPathComponent(folder).appendingPathComponent(path), encoding: .utf8)
                let name = String(path.split(separator: "/").last?.dropLast(6) ?? "")
                files.insert(name)
                guard let range = text.range(of: Self.entryPoint, options: .regularExpression) else { continue }
                #expect(
                    known.contains(name) || Self.others[name] != nil,
                    "\(folder)/\(path) reads something, and no decoder under test names it: \(text[range])")
            }
        }
        #expect(known.subtracting(files) == [], "the table names files that there are not")
        #expect(Set(Self.others.keys).subtracting(files) == [])
        #expect(known.isDisjoint(with: Self.others.keys))
    }

    @Test func everyNameIsGivenOnce() {
        let names = DecoderUnderTest.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func theCorpusIsSmallAndEveryFolderBelongsToADecoder() throws {
        let folder = Self.root.appendingPathComponent("Tests/DecoderFuzzTests/Inputs")
        let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(folders).subtracting(DecoderUnderTest.all.map(\.name)) == [])
        var bytes = 0
        for decoder in DecoderUnderTest.all {
            bytes += try KeptInputs.of(decoder.name).reduce(0) { $0 + $1.bytes.count }
        }
        #expect(bytes < 300_000)
    }
}
