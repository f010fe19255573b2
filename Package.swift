// swift-tools-version: 6.2
// The targets are the architecture: an arrow in `dependencies` is an allowed import, and there are no others.
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// For targets that read bytes from outside: every unchecked operation must be marked where it stands.
let memorySafe = house + [.strictMemorySafety()]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
/// SQLite's C interface, as GRDB links it.
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let swiftCSV = Target.Dependency.product(name: "SwiftCSV", package: "SwiftCSV")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

/// An engine target: pure Swift under Sources/, no HTTP server.
func engine(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = house) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: settings)
}

/// A service target: a thin shell under services/ around the engine.
func service(_ name: String, folder: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "services/\(folder)", swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", exclude: exclude,
        swiftSettings: house)
}

let package = Package(
    name: "heliograph",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "heliograph", targets: ["heliograph"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    ],
    targets: [
        // Engine
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(
            name: "CSnappy", path: "Sources/CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(name: "CMalloc", path: "Sources/CMalloc"),
        .systemLibrary(
            name: "CSQLiteSettings", path: "Sources/CSQLiteSettings", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        engine("NativeHistograms"),
        engine("TelemetryModel", ["NativeHistograms"], settings: memorySafe),
        engine(
            "WireFormats", ["TelemetryModel", "NativeHistograms", "CZlib", "CZstd", "CSnappy"], settings: memorySafe),
        .target(name: "CChecksum", path: "Sources/CChecksum"),
        engine("ChunkCodec", ["NativeHistograms", "CZstd", "CChecksum"], settings: memorySafe),
        engine("IngestLog", ["TelemetryModel", "NativeHistograms", "ChunkCodec", "CZstd", grdb]),
        engine(
            "Processing",
            [
                "TelemetryModel", "NativeHistograms", "TimeSeriesStore", "PromQLSyntax", "PromQLEngine",
                "ConfigurationYAML",
                "Relabelling", yams, swiftCSV,
            ]),
        engine("StatsDAggregation", ["TelemetryModel", "NativeHistograms", "WireFormats"]),
        engine("LabelPattern", settings: memorySafe),
        engine("TimeSeriesStore", ["TelemetryModel", "NativeHistograms", "LabelPattern", "CMalloc"]),
        engine(
            "EmbeddedStore",
            [
                "TelemetryModel", "NativeHistograms", "TimeSeriesStore", "LabelPattern", "ChunkCodec",
                "CSQLiteSettings",
                grdb, sqlite,
            ]),
        engine("DataBackup", ["EmbeddedStore", "IngestLog", "TimeSeriesStore", crypto]),
        engine("PromQLSyntax"),
        engine(
            "PromQLEngine",
            ["PromQLSyntax", "TimeSeriesStore", "TelemetryModel", "NativeHistograms", "LabelPattern"]),
        engine("ConfigurationYAML", ["PromQLSyntax", yams]),
        engine("Relabelling", ["TelemetryModel", "LabelPattern", "ConfigurationYAML", crypto, yams]),
        engine(
            "ScrapeConfig", ["TelemetryModel", "PromQLSyntax", "ConfigurationYAML", "Relabelling", yams]),
        engine("AlertRules", ["PromQLSyntax", "TelemetryModel", "ConfigurationYAML", yams]),
        engine("SelfMetrics"),
        engine(
            "KPIAnalytics",
            ["PromQLSyntax", "PromQLEngine", "TimeSeriesStore", "TelemetryModel", "ConfigurationYAML", yams]),
        engine("AccessControl", [crypto]),
        engine("TokenStore", ["AccessControl", grdb]),

        // Services
        service(
            "HTTPSupport", folder: "http-support",
            [
                "AccessControl", "SelfMetrics", "WireFormats", "TelemetryModel", "TimeSeriesStore", "PromQLSyntax",
                "PromQLEngine",
                hummingbird, logging, nioCore, nioPosix,
            ]),
        service(
            "Settings", folder: "settings",
            ["PromQLEngine", "TimeSeriesStore", "WireFormats", "ConfigurationYAML", yams]),
        service(
            "IngestionAPI", folder: "ingestion-api",
            [
                "HTTPSupport", "AccessControl", "SelfMetrics", "TelemetryModel", "WireFormats", "IngestLog",
                "Processing",
                hummingbird, logging, nioCore,
            ]),
        service(
            "LineListeners", folder: "line-listeners",
            [
                "SelfMetrics", "TelemetryModel", "WireFormats", "StatsDAggregation", "IngestLog", logging,
                serviceLifecycle, nioCore, nioPosix,
            ]),
        service(
            "Processor", folder: "processor",
            [
                "TelemetryModel", "NativeHistograms", "WireFormats", "TimeSeriesStore", "IngestLog", "Processing",
                "EmbeddedStore", "SelfMetrics", logging,
            ]),
        service(
            "QueryAPI", folder: "query-api",
            [
                "HTTPSupport", "SelfMetrics", "TelemetryModel", "NativeHistograms", "TimeSeriesStore", "PromQLSyntax",
                "PromQLEngine", "LabelPattern", "KPIAnalytics", "WireFormats", "ChunkCodec", hummingbird, logging,
                nioCore,
            ]),
        service(
            "AdminAPI", folder: "admin-api",
            [
                "HTTPSupport", "SelfMetrics", "TelemetryModel", "TimeSeriesStore", "PromQLEngine", "IngestLog",
                "EmbeddedStore", "Processing", "Processor", hummingbird, logging, nioCore,
            ]),
        service(
            "Forwarder", folder: "forwarder",
            [
                "HTTPSupport", "SelfMetrics", "TelemetryModel", "TimeSeriesStore", "PromQLEngine", "WireFormats",
                "IngestLog", "ConfigurationYAML", "Relabelling", hummingbird, asyncHTTPClient, serviceLifecycle,
                logging, nioCore, nioHTTP1, yams,
            ]),
        service(
            "Alerting", folder: "alerting",
            [
                "HTTPSupport", "SelfMetrics", "AlertRules", "ConfigurationYAML", "PromQLSyntax", "PromQLEngine",
                "TimeSeriesStore", "TelemetryModel", hummingbird, asyncHTTPClient, serviceLifecycle, logging, nioCore,
            ]),
        service(
            "Scraper", folder: "scraper",
            [
                "HTTPSupport", "SelfMetrics", "ScrapeConfig", "Relabelling", "ConfigurationYAML", "WireFormats",
                "IngestLog",
                "TelemetryModel", "TimeSeriesStore", "PromQLSyntax", hummingbird, asyncHTTPClient, serviceLifecycle,
                logging, nioCore,
                nioPosix,
                nioSSL,
            ]),
        service(
            "Dashboard", folder: "dashboard", ["HTTPSupport", "CDashboardAssets", hummingbird, logging, nioCore]),
        .target(name: "CDashboardAssets", path: "services/dashboard-assets", exclude: ["web"]),
        service(
            "Producer", folder: "producer", ["TelemetryModel", asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL]),
        .executableTarget(
            name: "heliograph",
            dependencies: [
                "HTTPSupport", "IngestionAPI", "LineListeners", "Processor", "QueryAPI", "AdminAPI", "Alerting",
                "Scraper", "Forwarder", "Dashboard", "Producer", "Settings", "SelfMetrics", "DataBackup",
                "StatsDAggregation",
                "AccessControl", "TokenStore", "TelemetryModel", "NativeHistograms", "TimeSeriesStore", "IngestLog",
                "Processing", "EmbeddedStore", "PromQLEngine", "AlertRules", "KPIAnalytics", "WireFormats",
                "PromQLSyntax", "ScrapeConfig", argumentParser, hummingbird, hummingbirdCore, asyncHTTPClient,
                serviceLifecycle, unixSignals, logging, nioCore, nioHTTP1, nioSSL, yams,
            ],
            path: "services/heliograph", swiftSettings: house),

        // Benchmarks
        .executableTarget(
            name: "heliograph-bench",
            dependencies: [
                "CMalloc", "CSnappy", "ChunkCodec", "EmbeddedStore", "IngestLog", "NativeHistograms", "PromQLEngine",
                "TelemetryModel", "TimeSeriesStore", argumentParser,
            ],
            path: "benchmarks/heliograph-bench", swiftSettings: house),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["NativeHistograms"], path: "Tests/TestSupport", swiftSettings: house),
        // Every decoder, and what must hold whatever it is fed.
        .target(
            name: "DecoderFuzzing",
            dependencies: [
                "WireFormats", "TelemetryModel", "NativeHistograms", "StatsDAggregation", "ChunkCodec", "IngestLog",
                "PromQLSyntax", "LabelPattern", "AlertRules", "ConfigurationYAML", "Relabelling", "ScrapeConfig",
                "Processing", "KPIAnalytics", "TestSupport",
            ],
            path: "Tests/DecoderFuzzing", swiftSettings: house),
        .target(
            name: "ServiceDecoderFuzzing",
            dependencies: [
                "DecoderFuzzing", "HTTPSupport", "IngestionAPI", "Scraper", "Forwarder", "TelemetryModel",
                "WireFormats",
            ],
            path: "Tests/ServiceDecoderFuzzing", swiftSettings: house),
        tests(
            "DecoderFuzzTests",
            [
                "DecoderFuzzing", "ServiceDecoderFuzzing", "WireFormats", "TelemetryModel", "IngestLog", "IngestionAPI",
                "ChunkCodec", "NativeHistograms",
            ],
            exclude: ["Inputs"]),
        tests("NativeHistogramsTests", ["NativeHistograms"]),
        tests("TelemetryModelTests", ["TelemetryModel"]),
        tests("LabelPatternTests", ["LabelPattern"]),
        tests("ChunkCodecTests", ["ChunkCodec", "NativeHistograms"]),
        tests(
            "WireFormatsTests", ["WireFormats", "TelemetryModel", "NativeHistograms", "CZlib"], exclude: ["Inputs"]),
        tests("StatsDAggregationTests", ["StatsDAggregation", "WireFormats", "TelemetryModel", "NativeHistograms"]),
        tests("IngestLogTests", ["IngestLog", "TelemetryModel", "NativeHistograms", "ChunkCodec", grdb]),
        tests("TimeSeriesStoreTests", ["TimeSeriesStore"]),
        tests(
            "EmbeddedStoreTests",
            ["EmbeddedStore", "TimeSeriesStore", "TelemetryModel", "NativeHistograms", "LabelPattern", "ChunkCodec"]),
        tests(
            "DataBackupTests",
            [
                "DataBackup", "EmbeddedStore", "IngestLog", "TelemetryModel", "NativeHistograms", "TimeSeriesStore",
                grdb,
            ]),
        tests(
            "ProcessorTests",
            [
                "Processor", "Processing", "IngestLog", "EmbeddedStore", "TimeSeriesStore", "TelemetryModel",
                "NativeHistograms", "SelfMetrics", "WireFormats", logging, grdb,
            ]),
        tests(
            "ProcessingTests",
            [
                "Processing", "ConfigurationYAML", "TelemetryModel", "NativeHistograms", "TimeSeriesStore",
                "PromQLEngine",
            ]),
        tests("PromQLSyntaxTests", ["PromQLSyntax"], exclude: ["corpus"]),
        .target(
            name: "PromQLScripts",
            dependencies: [
                "PromQLEngine", "PromQLSyntax", "TimeSeriesStore", "TelemetryModel", "NativeHistograms", "LabelPattern",
            ],
            path: "Tests/PromQLScripts", swiftSettings: house),
        tests(
            "PromQLEngineTests",
            [
                "PromQLScripts", "PromQLEngine", "PromQLSyntax", "TimeSeriesStore", "TelemetryModel",
                "NativeHistograms",
                "LabelPattern",
            ],
            exclude: ["Scripts"]),
        tests(
            "ConformanceTests",
            [
                "PromQLScripts", "PromQLEngine", "EmbeddedStore", "TimeSeriesStore", "TelemetryModel", "WireFormats",
                asyncHTTPClient, nioCore, nioHTTP1,
            ]),
        tests("RelabellingTests", ["Relabelling", "ConfigurationYAML", "TelemetryModel", yams]),
        tests("ScrapeConfigTests", ["ScrapeConfig", "ConfigurationYAML", "TelemetryModel"]),
        tests(
            "ScraperTests",
            ["Scraper", "ScrapeConfig", "ConfigurationYAML", "WireFormats", "TelemetryModel", nioCore, nioPosix]),
        tests("AlertRulesTests", ["AlertRules", "PromQLSyntax", "TelemetryModel"]),
        tests(
            "AlertingTests",
            [
                "Alerting", "AlertRules", "EmbeddedStore", "HTTPSupport", "PromQLEngine", "SelfMetrics",
                "TimeSeriesStore", "TelemetryModel", hummingbird, hummingbirdTesting, asyncHTTPClient, serviceLifecycle,
                logging, nioCore,
            ]),
        tests("KPIAnalyticsTests", ["KPIAnalytics", "PromQLEngine", "TimeSeriesStore", "TelemetryModel"]),
        tests(
            "QueryAPITests",
            [
                "QueryAPI", "HTTPSupport", "SelfMetrics", "KPIAnalytics", "PromQLEngine", "TimeSeriesStore",
                "TelemetryModel", "NativeHistograms", "WireFormats", "ChunkCodec", hummingbird, hummingbirdTesting,
                nioCore, logging,
            ]),
        tests(
            "IngestionAPITests",
            [
                "IngestionAPI", "HTTPSupport", "SelfMetrics", "TelemetryModel", "WireFormats", "IngestLog", "CZstd",
                hummingbird, hummingbirdTesting, nioCore, nioPosix,
            ]),
        tests("LineListenersTests", ["LineListeners", "DecoderFuzzing", nioCore, nioEmbedded]),
        tests("ForwarderTests", ["Forwarder", "IngestLog", "Relabelling", "TelemetryModel", "TimeSeriesStore"]),
        tests("AdminAPITests", ["AdminAPI"]),
        tests("AccessControlTests", ["AccessControl"]),
        tests("TokenStoreTests", ["TokenStore", "AccessControl"]),
        tests("DashboardTests", ["Dashboard", "HTTPSupport", hummingbird, hummingbirdTesting, nioCore]),
        tests("SettingsTests", ["Settings"]),
        tests(
            "ProducerTests",
            ["Producer", "TelemetryModel", asyncHTTPClient, logging, nioCore, nioPosix, nioHTTP1]),
        tests(
            "PlatformTests",
            [
                "heliograph", "IngestionAPI", "Processor", "IngestLog", "WireFormats", "Settings", "HTTPSupport",
                "TelemetryModel", "AccessControl", "TokenStore", hummingbird, hummingbirdTesting, argumentParser,
                asyncHTTPClient, logging, nioCore,
            ]),
        // Faults
        .target(
            name: "CFaultVFS", path: "Tests/CFaultVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(
            name: "FaultDisk", dependencies: ["CFaultVFS", "EmbeddedStore", "TestSupport"], path: "Tests/FaultDisk",
            swiftSettings: house),
        tests(
            "FaultTests",
            [
                "FaultDisk", "Processor", "Processing", "IngestLog", "EmbeddedStore", "TimeSeriesStore",
                "TelemetryModel", "NativeHistograms", "SelfMetrics", logging, grdb,
            ]),
    ]
)

// Only with libFuzzer can this be linked; scripts/fuzz sets the variable.
if Context.environment["HELIOGRAPH_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "fuzz-decoder", dependencies: ["CFuzzer", "DecoderFuzzing", "ServiceDecoderFuzzing"],
            path: "Tests/FuzzDriver", swiftSettings: house),
    ]
}
