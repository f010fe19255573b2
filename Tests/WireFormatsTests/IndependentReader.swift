import Foundation

/// The data contract as others read it: Python's JSON reader, made strict, and Debian's `python3-jsonschema` with our
/// schema.
enum IndependentReader {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let interpreter = "/usr/bin/python3"

    /// Whether the schema accepts each document, or nil (with a printed message) where Python or jsonschema is missing.
    static func verdicts(on documents: [[UInt8]]) throws -> [Bool]? {
        guard FileManager.default.isExecutableFile(atPath: interpreter) else { return skipped("no \(interpreter)") }
        let input = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: input) }
        let lines = documents.map { Data($0).base64EncodedString() + "\n" }.joined()
        try Data(lines.utf8).write(to: input)
        let process = Process()
        process.executableURL = URL(filePath: interpreter)
        process.arguments = [
            "-c", script, ContractVector.folder.appending(path: "telemetry.schema.json").path, input.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        if process.terminationStatus == 3 { return skipped("no python3-jsonschema") }
        guard process.terminationStatus == 0, data.count == documents.count else {
            throw Failure(
                description: "the reader ended with \(process.terminationStatus) after \(data.count) documents")
        }
        return data.map { $0 == UInt8(ascii: "1") }
    }

    private static func skipped(_ why: String) -> [Bool]? {
        print("skipped the comparison with the JSON Schema: \(why)")
        return nil
    }

    /// One byte a document: 1 accepted, 0 refused.
    private static let script = #"""
        import base64, json, math, sys
        try:
            from jsonschema import Draft202012Validator
        except ImportError:
            sys.exit(3)

        class NotIJSON(ValueError):
            pass

        def unique(pairs):
            entries = dict(pairs)
            if len(entries) != len(pairs):
                raise NotIJSON("duplicate key")
            return entries

        def refuse(text):
            raise NotIJSON(text)

        def finite(text, kind):
            if len(text) > 1024 or math.isinf(float(text)):
                raise NotIJSON("number")
            return kind(text)

        def require_text(value):
            if isinstance(value, str):
                value.encode("utf-8")
            elif isinstance(value, dict):
                for key, item in value.items():
                    require_text(key)
                    require_text(item)
            elif isinstance(value, list):
                for item in value:
                    require_text(item)

        with open(sys.argv[1], encoding="utf-8") as file:
            schema = json.load(file)
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        with open(sys.argv[2]) as documents:
            for line in documents:
                try:
                    value = json.loads(
                        base64.b64decode(line).decode("utf-8", "strict"),
                        object_pairs_hook=unique, parse_constant=refuse,
                        parse_float=lambda text: finite(text, float), parse_int=lambda text: finite(text, int))
                    require_text(value)
                    verdict = validator.is_valid(value)
                except (ValueError, RecursionError):
                    verdict = False
                sys.stdout.write("1" if verdict else "0")
        """#
}
