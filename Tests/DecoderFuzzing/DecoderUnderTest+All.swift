extension DecoderUnderTest {
    /// Every decoder of the engine. Those of the services are with the tests, which see into them.
    package static let all = requests + lines + content + stored + languages + files
}
