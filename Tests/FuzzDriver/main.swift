// `fuzz-decoder DECODER [libFuzzer's options and folders]`: one decoder under libFuzzer. Built and run by scripts/fuzz.
import CFuzzer
import DecoderFuzzing
import Foundation
import ServiceDecoderFuzzing

guard fuzzedDecoder != nil else {
    for decoder in DecoderUnderTest.all { print(decoder.name) }
    exit(CommandLine.arguments.dropFirst().first == "list" ? 0 : 64)
}

// The decoder's name is none of libFuzzer's business.
var arguments =
    [CommandLine.unsafeArgv[0]] + (2..<max(2, Int(CommandLine.argc))).map { CommandLine.unsafeArgv[$0] } + [nil]
arguments.withUnsafeMutableBufferPointer { buffer in
    var count = CInt(buffer.count - 1)
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = buffer.baseAddress
    exit(LLVMFuzzerRunDriver(&count, &start) { feed($0, $1) })
}
