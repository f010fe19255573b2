import Logging
import Synchronization
import Testing

@testable import heliograph

@Suite struct LogHandlerTests {
    private final class Described: CustomStringConvertible, Sendable {
        let times = Atomic<Int>(0)

        var description: String {
            times.wrappingAdd(1, ordering: .relaxed)
            return "request 7"
        }
    }

    private final class Lines: TextOutputStream, Sendable {
        let text = Mutex("")

        func write(_ string: String) { text.withLock { $0 += string } }
    }

    /// Most requests log nothing: what they would log must cost them nothing.
    @Test func metadataBecomesTextOnlyInALine() {
        let lines = Lines()
        let described = Described()
        var logger = Logger(label: "test") { _ in
            TextLogHandler(StreamLogHandler(label: "test", stream: lines, metadataProvider: nil))
        }
        logger[metadataKey: "id"] = .stringConvertible(described)
        logger[metadataKey: "other"] = "x"
        logger.debug("not shown")
        #expect(described.times.load(ordering: .relaxed) == 0)
        logger.info("shown", metadata: ["more": "y"])
        let text = lines.text.withLock { $0 }
        #expect(text.contains("id=request 7") && text.contains("more=y") && text.contains("shown"), "\(text)")
        #expect(logger[metadataKey: "other"] == "x")
    }
}
