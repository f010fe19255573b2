import Settings
import Testing

@testable import heliograph

@Suite struct MetadataExpiryTests {
    /// Samples, both rollups, rules; for ever where it is nil.
    @Test(
        arguments: [
            ("30d", "60d", "90d", "", 90), ("90d", "30d", "60d", "", 90), ("30d", "0", "90d", "", nil),
            ("0", "1d", "1d", "", nil),
            ("1d", "1d", "1d", "7d {env=\"a\"}; 400d/2d/3d {env=\"b\"}", 400),
            ("1d", "1d", "1d", "7d/0/7d {env=\"a\"}", nil),
        ] as [(String, String, String, String, Int?)])
    func metadataIsKeptAsLongAsAnything(_ raw: String, _ five: String, _ hour: String, _ rules: String, days: Int?)
        throws
    {
        let settings = try HeliographSettings.load(
            file: nil,
            environment: [
                "HELIOGRAPH_RETENTION_RAW": raw, "HELIOGRAPH_RETENTION_ROLLUP_5M": five,
                "HELIOGRAPH_RETENTION_ROLLUP_1H": hour, "HELIOGRAPH_RETENTION_RULES": rules,
            ], flags: [:])
        #expect(settings.retention.longest == days.map { .seconds($0 * 86_400) })
    }
}
