package import Foundation

extension KPIDefinition {
    /// A file of definitions is written by hand; a far larger one is something else.
    private static let maximumFileBytes = 1 << 20

    /// The definitions of all `*.yaml` and `*.yml` files directly in a folder, in the order of the files' names. They
    /// stand in place of the built-in ones.
    ///
    /// Throws `KPIDefinitionError` with everything that is wrong in any of the files.
    package static func load(directory: URL) throws(KPIDefinitionError) -> [KPIDefinition] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch {
            throw problem(directory.path, "the folder of KPI definitions cannot be read: \(reason(error))")
        }
        guard !names.isEmpty else {
            throw problem(directory.path, "expected files of KPI definitions (*.yaml), found none")
        }
        var reader = KPIDefinitionReader()
        for name in names {
            let file = directory.appendingPathComponent(name)
            reader.read(try text(of: file), path: file.path)
        }
        return try reader.finish()
    }

    /// The definitions of one file's text; `path` is for messages.
    package static func parse(_ text: String, path: String) throws(KPIDefinitionError) -> [KPIDefinition] {
        var reader = KPIDefinitionReader()
        reader.read(text, path: path)
        return try reader.finish()
    }

    private static func text(of file: URL) throws(KPIDefinitionError) -> String {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            data = try handle.read(upToCount: maximumFileBytes + 1) ?? Data()
        } catch {
            throw problem(file.path, "the file cannot be read: \(reason(error))")
        }
        guard data.count <= maximumFileBytes else { throw problem(file.path, "the file is larger than 1 MiB") }
        guard let text = String(data: data, encoding: .utf8) else {
            throw problem(file.path, "the file is not UTF-8 text")
        }
        return text
    }

    private static func reason(_ error: any Error) -> String { (error as NSError).localizedDescription }

    private static func problem(_ path: String, _ message: String) -> KPIDefinitionError {
        KPIDefinitionError(problems: [.init(path: path, line: nil, message: message)])
    }
}
