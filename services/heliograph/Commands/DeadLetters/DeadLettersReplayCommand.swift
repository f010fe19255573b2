import ArgumentParser
import NIOCore
import NIOHTTP1

struct DeadLettersReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Put dead letters through the whole pipeline again.",
        discussion: "What is refused again stays a dead letter, with its new reason.")

    /// Letters a request.
    private static let portion = 2000
    /// Refused letters that are named one by one.
    private static let mostShown = 20

    @OptionGroup var server: ServerOption
    @OptionGroup var filter: DeadLetterOptions

    @Argument(help: "Ids; none for those that the filter names.")
    var ids: [Int64] = []

    @Flag(help: "All that wait.")
    var all = false

    @Flag(help: "No progress on standard error.")
    var quiet = false

    func validate() throws { try DeadLetterChoice.check(ids: ids, filter: filter, all: all, verb: "replay") }

    func run() async throws {
        let server = server.server
        var isTaken = true
        for id in ids {
            let answer = try await server.ask(.POST, "/api/v1/dead-letters/\(id)/replay", [])
            let outcome: DeadLetterAnswer.Outcome = try DeadLetterAnswer.data(answer)
            print(outcome.line)
            isTaken = isTaken && outcome.outcome == "replayed"
        }
        if ids.isEmpty { isTaken = try await replayMany(server) }
        if !isTaken { throw ExitCode.failure }
    }

    private func replayMany(_ server: RunningServer) async throws -> Bool {
        let progress = CommandProgress(isQuiet: quiet)
        var (replayed, refused, failed) = (0, 0, 0)
        var place: [(name: String, value: String)] = []
        while true {
            let parameters = filter.parameters + (all ? [("all", "true")] : []) + [("limit", "\(Self.portion)")] + place
            let answer = try await server.ask(
                .POST, "/api/v1/dead-letters/replay", parameters, timeout: .minutes(10))
            let batch: DeadLetterAnswer.Batch = try DeadLetterAnswer.data(answer)
            for letter in batch.letters where letter.outcome != "replayed" {
                if refused + failed < Self.mostShown {
                    progress.clear()
                    print(letter.line)
                }
                if letter.outcome == "refused" { refused += 1 } else { failed += 1 }
            }
            replayed += batch.replayed
            if let stopped = batch.stopped {
                progress.clear()
                throw CommandFailure("\(replayed) were replayed, then: \(stopped)")
            }
            progress.show("\(replayed) replayed, \(refused) refused again, \(batch.remaining) to go")
            guard let after = batch.after, let through = batch.through else { break }
            place = [("after", "\(after)"), ("through", "\(through)")]
        }
        progress.clear()
        if refused + failed > Self.mostShown { print("… and \(refused + failed - Self.mostShown) more") }
        print("\(replayed) replayed, \(refused) refused again, \(failed) not replayed")
        return refused + failed == 0
    }
}
