import Testing

@testable import Settings

@Suite struct SettingTextTests {
    @Test(arguments: [
        ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("0", 0), ("0s", 0),
        ("1w2d3h4m5s6ms", 788_645_006), ("36525d", 3_155_760_000_000),
    ])
    func durationsAreRead(text: String, milliseconds: Int64) {
        #expect(DurationText.duration(in: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "30", "s", "-5s", "1.5h", "5 m", "5m5m", "5m1h", "1y", "5M", "s5", "36526d", "9223372036854775807ms",
        "99999999999999999999s", "٣s", "9223372036854775807w",
    ])
    func otherTextsAreNoDurations(text: String) {
        #expect(DurationText.duration(in: text) == nil)
    }

    @Test func durationsAreWrittenShort() {
        #expect(DurationText.text(of: .seconds(5400)) == "1h30m")
        #expect(DurationText.text(of: .milliseconds(1001)) == "1s1ms")
        #expect(DurationText.text(of: .seconds(604_800)) == "7d")
        #expect(DurationText.text(of: .zero) == "0s")
        #expect(!DurationText.text(of: .seconds(Int64.max)).isEmpty)
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64MiB", 67_108_864), ("1GB", 1_000_000_000), ("1 GiB", 1_073_741_824),
        ("2kB", 2000), ("2KB", 2000), ("3KiB", 3072), ("1TiB", 1_099_511_627_776), ("5B", 5),
    ])
    func sizesAreRead(text: String, bytes: Int) {
        #expect(ByteSizeText.bytes(in: text) == bytes)
    }

    @Test(arguments: [
        "", "MiB", "-1", "1.5GB", "1gb", "1 G", "5 ", "99999999TiB", "99999999999999999999", "٣", "1MiB ",
    ])
    func otherTextsAreNoSizes(text: String) {
        #expect(ByteSizeText.bytes(in: text) == nil)
    }

    @Test(arguments: [(0, "0"), (1000, "1000"), (1024, "1KiB"), (33_554_432, "32MiB"), (3 << 30, "3GiB")])
    func sizesAreWritten(bytes: Int, text: String) {
        #expect(ByteSizeText.text(of: bytes) == text)
    }

    @Test(arguments: [("localhost:80", "localhost", 80), ("0.0.0.0:0", "0.0.0.0", 0), ("[::]:65535", "::", 65_535)])
    func addressesAreRead(text: String, host: String, port: Int) {
        let address = ListenAddress(.scalar(text))
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.settingText == text)
    }

    @Test(arguments: [
        "", "8040", ":8040", "::1:80", "[]:1", "[a]:1", "host:", "host:65536", "host:-1", "a b:1", "h:+1",
    ])
    func otherTextsAreNoAddresses(text: String) {
        #expect(ListenAddress(.scalar(text)) == nil)
    }

    @Test(arguments: ["http://a", "HTTPS://user:pw@a.example:9/x?y#z", "http://[::1]:80/"])
    func webAddressesAreKnown(text: String) {
        #expect(WebAddress.isValid(text))
    }

    @Test(arguments: ["", "a.example", "http://", "http:///x", "http://u@/x", "http://:80", "ftp://a", "http://a b"])
    func otherTextsAreNoWebAddresses(text: String) {
        #expect(!WebAddress.isValid(text))
    }

    @Test func listsAreSplitAtCommas() {
        #expect([String](.scalar(" a , b,,c d ,")) == ["a", "b", "c d"])
        #expect([String](.scalar("")) == [])
        #expect([String](.list(["a,b"])) == ["a,b"])
    }
}
