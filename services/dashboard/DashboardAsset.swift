import CDashboardAssets
import NIOCore

/// One file of the page, ready to be sent.
struct DashboardAsset: Sendable {
    let name: String
    let contentType: String
    let body: ByteBuffer
    let tag: EntityTag

    init(name: String, body: ByteBuffer) {
        self.name = name
        self.contentType = Self.contentType(ofFileNamed: name)
        self.body = body
        self.tag = EntityTag(of: body.readableBytesView)
    }

    /// The content types of the kinds of file the page is made of; anything else is sent as plain bytes.
    static func contentType(ofFileNamed name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json": "application/json; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}

/// Everything the page is made of.
struct DashboardAssets: Sendable {
    /// The start page.
    let page: DashboardAsset
    /// That of dead letters.
    let letterPage: DashboardAsset
    /// The definition of tiles and panels.
    let definition: DashboardAsset
    /// Scripts, styles and pictures by name.
    let files: [String: DashboardAsset]
    /// A name of this set of files. It is part of their address, so that a browser may keep them for good.
    let revision: String

    /// What is linked into this binary, copied once.
    static let embedded = DashboardAssets(embeddedFiles())

    /// - Parameter bodies: the files by name; a page or "fleet.json" that is not among them is empty.
    init(_ bodies: [String: ByteBuffer]) {
        var files: [String: DashboardAsset] = [:]
        for (name, body) in bodies { files[name] = DashboardAsset(name: name, body: body) }
        let pages = ["index.html", "dead-letters.html"].map { ($0, files.removeValue(forKey: $0)) }
        definition = files.removeValue(forKey: "fleet.json") ?? DashboardAsset(name: "fleet.json", body: ByteBuffer())
        let revision =
            EntityTag(of: files.values.sorted { $0.name < $1.name }.flatMap { "\($0.name)\($0.tag.digits)".utf8 })
            .digits
        self.files = files
        self.revision = revision
        // A page's source says "-" where the revision belongs.
        let addressed = pages.map { name, page in
            let source = page.map { String(buffer: $0.body) } ?? ""
            let text = source.split(separator: "/assets/-/", omittingEmptySubsequences: false)
                .joined(separator: "/assets/\(revision)/")
            return DashboardAsset(name: name, body: ByteBuffer(string: text))
        }
        (page, letterPage) = (addressed[0], addressed[1])
    }

    private static func embeddedFiles() -> [String: ByteBuffer] {
        var files: [String: ByteBuffer] = [:]
        for index in 0..<dashboard_asset_count() {
            guard let asset = dashboard_asset_at(index)?.pointee else { continue }
            // The bytes are constants of the binary: valid for `length` and for as long as the process lives.
            let bytes = UnsafeBufferPointer(start: asset.bytes, count: asset.length)
            files[String(cString: asset.name)] = ByteBuffer(bytes: bytes)
        }
        return files
    }
}
