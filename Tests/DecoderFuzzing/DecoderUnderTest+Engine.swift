extension DecoderUnderTest {
    /// Every decoder of the engine. Those of the services are in ServiceDecoderFuzzing.
    package static let ofEngine = requests + lines + content + stored + languages + files
}
