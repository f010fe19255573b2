import ArgumentParser

/// Benchmarks that read their arguments themselves.
struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec", abstract: "Column codecs: bytes per sample, nanoseconds per sample to encode and decode.",
        usage: "heliograph-bench codec [<repetitions> [<folder of CSV files>]]")

    @Argument(parsing: .allUnrecognized, help: "As the usage says.")
    var arguments: [String] = []

    func run() { runCodecBenchmark(arguments) }
}
