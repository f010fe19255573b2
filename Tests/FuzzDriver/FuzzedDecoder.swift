import DecoderFuzzing
import ServiceDecoderFuzzing

/// The decoder that the first argument names.
let fuzzedDecoder = DecoderUnderTest.all.first { $0.name == CommandLine.arguments.dropFirst().first }

/// What libFuzzer calls for each input; its own `main`, which asks for this symbol, is not used.
@_cdecl("LLVMFuzzerTestOneInput")
func feed(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let fuzzedDecoder else { return -1 }
    let faults = fuzzedDecoder.faults(of: Array(UnsafeBufferPointer(start: start, count: count)))
    // A broken promise ends the run as a trap does, with the input kept.
    guard faults.isEmpty else { fatalError("\(fuzzedDecoder.name): \(faults.joined(separator: "\n"))") }
    return 0
}
