import DecoderFuzzing
import Foundation
import ServiceDecoderFuzzing
import TestSupport
import Testing

/// Whatever comes in, every decoder answers; what it says does not depend on what it saw before, nor on how lines were cut.
@Suite struct KeptInputTests {
    @Test(arguments: DecoderUnderTest.all)
    func keptInputs(_ decoder: DecoderUnderTest) throws {
        let journal = try InputJournal(decoder.name)
        let inputs = try KeptInputs.of(decoder.name)
        #expect(inputs.count >= 2, "\(decoder.name) has too few kept inputs")
        for input in inputs {
            for bytes in [input.bytes, input.bytes + input.bytes, Array(input.bytes.dropLast())] {
                journal.write(bytes)
                #expect(decoder.faults(of: bytes) == [], "\(input.file)")
            }
        }
    }
}
