import Foundation
import NIOCore
import Testing

@testable import Dashboard

@Suite("Dashboard assets")
struct DashboardAssetsTests {
    private let assets = DashboardAssets.embedded

    private func text(_ name: String) throws -> String {
        String(buffer: try #require(assets.files[name], "\(name) is not embedded").body)
    }

    /// The scripts of ours, without dygraphs.
    private var scripts: [String] {
        assets.files.keys.filter { $0.hasSuffix(".js") && $0 != "dygraph.min.js" }.sorted()
    }

    @Test("every file of the folder web is in the binary, byte by byte")
    func complete() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "services/dashboard-assets/web")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(names.count > 20)
        for name in names where !name.hasSuffix(".html") {
            let expected = try Data(contentsOf: folder.appending(path: name))
            let embedded = try #require(assets.files[name], "\(name) is missing in services/dashboard-assets/assets.c")
            #expect(embedded.body.readableBytesView.elementsEqual(expected), "\(name)")
        }
        #expect(assets.files.count == names.count { !$0.hasSuffix(".html") } + 2, "dygraphs' two files besides")
    }

    @Test("dygraphs is the real library")
    func dygraphs() throws {
        #expect(try text("dygraph.min.js").contains("dygraphs"))
        #expect(try text("dygraph.css").contains(".dygraph-axis-label"))
    }

    @Test("every import of a script names an embedded script")
    func imports() throws {
        var count = 0
        for script in scripts {
            for line in try text(script).split(separator: "\n") where line.hasPrefix("import ") {
                let name = try #require(line.split(separator: "\"").dropFirst().first).dropFirst("./".count)
                #expect(assets.files[String(name)] != nil, "\(script): \(line)")
                count += 1
            }
        }
        #expect(count > 40)
    }

    @Test("nothing refers to another host, and no script builds markup or code from text")
    func selfContained() throws {
        let forbidden = ["http://", "https://", "innerHTML", "insertAdjacentHTML", "eval(", "new Function", "@import"]
        let namespace = "http://www.w3.org/2000/svg"
        for name in assets.files.keys where !name.hasPrefix("dygraph") {
            let body = try text(name).replacingOccurrences(of: namespace, with: "")
            for word in forbidden { #expect(!body.contains(word), "\(name) contains \(word)") }
        }
    }

    @Test("the pages have no inline script, style or event handler")
    func noInlineCode() {
        for page in [assets.page, assets.letterPage].map({ String(buffer: $0.body) }) {
            #expect(page.contains("</html>"))
            #expect(!page.contains("<style") && !page.contains(" style="))
            #expect(!page.contains(" onclick=") && !page.contains(" onload="))
            for tag in page.components(separatedBy: "<script").dropFirst() {
                #expect(tag.hasPrefix(" src=\"") || tag.contains(" src=\""), "<script\(tag.prefix(60))")
                #expect(tag.contains("></script>"))
            }
        }
    }

    @Test("the revision changes with any file, and only then")
    func revision() {
        let one = ["a.js": ByteBuffer(string: "1"), "b.js": ByteBuffer(string: "2")]
        var other = one
        other["b.js"] = ByteBuffer(string: "3")
        var renamed = one
        renamed["c.js"] = renamed.removeValue(forKey: "b.js")
        let revisions = [one, other, renamed].map { DashboardAssets($0).revision }
        #expect(Set(revisions).count == 3)
        #expect(DashboardAssets(one).revision == revisions[0])
    }

    @Test("an entity tag is FNV-1a of the bytes, in 16 digits")
    func entityTag() {
        // Vectors of the algorithm's page: the empty string and "foobar".
        #expect(EntityTag(of: []).digits == "cbf29ce484222325")
        #expect(EntityTag(of: "foobar".utf8).digits == "85944171f73967e8")
    }

    @Test("hostile conditions match nothing", arguments: ["", ",", "\"", "W/", " , ,", "cbf29ce484222325"])
    func hostileCondition(condition: String) {
        #expect(!EntityTag(of: []).isNamed(by: condition))
    }
}
