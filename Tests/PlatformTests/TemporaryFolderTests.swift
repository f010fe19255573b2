import Foundation
import Testing

@testable import heliograph

@Suite(.timeLimit(.minutes(1))) struct TemporaryFolderTests {
    private func exists(_ folder: TemporaryFolder) -> Bool { FileManager.default.fileExists(atPath: folder.url.path) }

    private func fill(_ folder: TemporaryFolder) throws {
        let inner = folder.url.appendingPathComponent("blocks")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: inner.appendingPathComponent("file"))
    }

    @Test func aSignalRemovesIt() async throws {
        let (ends, source) = AsyncStream.makeStream(of: Int32.self)
        let folder = TemporaryFolder(named: "heliograph-test-\(UUID().uuidString)", signals: [SIGUSR2]) {
            source.yield($0)
        }
        try fill(folder)
        kill(getpid(), SIGUSR2)
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() == SIGUSR2)
        #expect(!exists(folder))
        folder.remove()
    }

    @Test func itIsRemoved() throws {
        let folder = TemporaryFolder(named: "heliograph-test-\(UUID().uuidString)", signals: []) { _ in }
        try fill(folder)
        #expect(exists(folder))
        folder.remove()
        #expect(!exists(folder))
    }
}
