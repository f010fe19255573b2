import TelemetryModel
import Testing

@testable import WireFormats

/// Names, units and labels as Prometheus' translation has them.
@Suite struct OTLPNameTests {
    @Test(
        arguments: [
            ("http.server.request.duration", "s", OTLPKind.histogram, "http_server_request_duration_seconds"),
            ("requests", "1", .counter, "requests_total"),
            ("requests", "{request}", .counter, "requests_total"),
            ("requests.total", "", .counter, "requests_total"),
            ("total.requests", "", .counter, "requests_total"),
            ("system.memory.usage", "By", .upDownCounter, "system_memory_usage_bytes"),
            ("disk.io", "By", .counter, "disk_io_bytes_total"),
            ("disk.io.bytes", "By", .counter, "disk_io_bytes_total"),
            ("disk.speed", "MiBy/s", .gauge, "disk_speed_mebibytes_per_second"),
            ("rate", "{request}/s", .gauge, "rate_per_second"),
            ("rate", "/{x}", .gauge, "rate"),
            ("cpu.utilization", "1", .gauge, "cpu_utilization_ratio"),
            ("ratio.of.cpu", "1", .gauge, "of_cpu_ratio"),
            ("cpu.utilization", "1", .upDownCounter, "cpu_utilization"),
            ("temperature", "Cel", .gauge, "temperature_celsius"),
            ("fan", "RPM", .gauge, "fan_RPM"),
            ("odd", "m^2", .gauge, "odd_m_2"),
            ("__a..b--c__", "", .gauge, "a_b_c"),
            ("job:rate:5m", "", .gauge, "job:rate:5m"),
            ("2xx", "", .counter, "_2xx_total"),
            ("größe", "", .gauge, "gr_e"),
        ])
    func metric(_ name: String, _ unit: String, _ kind: OTLPKind, _ expected: String) {
        #expect(OTLPNames.metric(name, unit: unit, kind: kind) == expected)
    }

    @Test func noMetric() {
        #expect(OTLPNames.metric("", unit: "", kind: .gauge) == nil)
        #expect(OTLPNames.metric("…", unit: "", kind: .gauge) == nil)
    }

    @Test(
        arguments: [
            ("http.method", "http_method"), ("a--b", "a__b"), ("1st", "key_1st"), ("_private", "key_private"),
            ("__name", "__name"), ("größe", "gr__e"), ("job:x", "job_x"), ("", nil), ("…", nil), ("_", nil),
        ])
    func label(_ key: String, _ expected: String?) {
        #expect(OTLPNames.label(key) == expected)
    }

    @Test(
        arguments: [
            (0.005, "0.005", "0.005"), (10, "10", "10"), (2.5, "2.5", "2.5"), (1e21, "1000000000000000000000", "1e+21"),
            (1e-7, "0.0000001", "1e-7"), (0.000001, "0.000001", "0.000001"),
            (-1.25e22, "-12500000000000000000000", "-1.25e+22"),
            (123_456_789.125, "123456789.125", "123456789.125"), (0, "0", "0"), (.infinity, "+Inf", "Infinity"),
            (1e15, "1000000000000000", "1000000000000000"), (1e16, "10000000000000000", "10000000000000000"),
        ] as [(Double, String, String)])
    func decimal(_ value: Double, _ positional: String, _ short: String) {
        #expect(DecimalText.positional(value) == positional)
        #expect(DecimalText.short(value) == short)
    }

    @Test func decimalsReadBack() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(Double(DecimalText.positional(value))?.bitPattern == value.bitPattern)
            #expect(Double(DecimalText.short(value))?.bitPattern == value.bitPattern)
        }
    }

    @Test func base64() {
        for length in 0..<20 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 251) }
            let text = Base64.text(bytes.span, ByteRange(start: 0, end: length))
            #expect(Base64.bytes(Array(text.utf8)) == bytes)
        }
        #expect(Base64.text([0xFB, 0xFF].span, ByteRange(start: 0, end: 2)) == "+/8=")
        #expect(Base64.bytes(Array("-_8".utf8)) == [0xFB, 0xFF])
        #expect(Base64.bytes(Array("a b".utf8)) == nil)
    }
}
