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

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "The durable log: bytes and CPU per sample written, and the time of a start.",
        usage: """
            heliograph-bench log [--samples <n>] [--series <n>] [--records <n>] [--in-flight <n>] [--folder <path>] \
            [--by-metric]
            """)

    @Argument(parsing: .allUnrecognized, help: "As the usage says; --records is the number of records a request.")
    var arguments: [String] = []

    func run() { runLogBenchmark(arguments) }
}
