package import TelemetryModel

/// A decoder that reads bytes from outside, and what must hold whatever they are.
package struct DecoderUnderTest: Sendable {
    /// A new decoder that has seen nothing.
    package typealias Maker = @Sendable () -> @Sendable ([UInt8]) -> DecodingAccount

    /// Also that of the folder with its kept inputs.
    package let name: String
    /// Of the files under Sources and services whose entry points it puts to the test, the names without their ends.
    package let sources: [String]
    /// What is worth putting in somewhere.
    package var tokens: [String] = []
    /// How many bytes may come of one, beyond some kilobytes for any input; 0 where the format itself allows more.
    package var growth = 64
    /// For records that are refused: how they come to be dead letters.
    package var ingestProtocol: IngestProtocol?
    /// Whether an input may be cut after any of its line feeds, so that the pieces come to the same; nil if it never can.
    package var mayBeCutAtLines: (@Sendable ([UInt8]) -> Bool)?
    /// What is done to bytes that carry a checksum, so that not every change is stopped by it.
    package var sealed: (@Sendable ([UInt8]) -> [UInt8])?
    package let make: Maker

    package init(_ name: String, of sources: [String], make: @escaping Maker) {
        self.name = name
        self.sources = sources
        self.make = make
    }

    /// Feeds an input in every way, and returns what is wrong. A trap ends the process.
    package func faults(of input: [UInt8]) -> [String] {
        var faults = check(input)
        if let sealed { faults += check(sealed(input)).map { "with a right checksum: \($0)" } }
        return faults
    }

    /// What comes of an input.
    package func account(of input: [UInt8]) -> DecodingAccount { make()(input) }

    private func check(_ input: [UInt8]) -> [String] {
        let decode = make()
        let first = decode(input)
        var faults = first.faults
        if let difference = decode(input).difference(from: first) {
            faults.append("once the decoder knew the input, it was read otherwise: \(difference)")
        }
        if let difference = make()(input).difference(from: first) {
            faults.append("another decoder read it otherwise: \(difference)")
        }
        // A refused record may carry what the whole request says about it.
        let most = 16_384 + input.count * growth + first.letters.count * (input.count + 1024)
        if growth > 0, first.size > most {
            faults.append("\(input.count) bytes came to \(first.size), more than \(most)")
        }
        if let mayBeCutAtLines, mayBeCutAtLines(input) { faults += checkCuts(input, first) }
        return faults
    }

    /// Cuts at every line feed, then at every other one, in decoders that know something and in such as know nothing.
    private func checkCuts(_ input: [UInt8], _ whole: DecodingAccount) -> [String] {
        var faults: [String] = []
        for step in 1...2 {
            let decode = make()
            let pieces = DecoderUnderTest.pieces(of: input, linesEach: step)
            guard pieces.count > 1 else { continue }
            let known = DecodingAccount.sum(pieces.map { decode($0) })
            let fresh = DecodingAccount.sum(pieces.map { make()($0) })
            for cut in [known, fresh] {
                if let difference = cut.difference(from: whole) {
                    faults.append("cut after every \(step) lines, it was read otherwise: \(difference)")
                }
            }
        }
        return faults
    }

    /// The input in pieces that end with line feeds.
    package static func pieces(of input: [UInt8], linesEach: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[]]
        var lines = 0
        for byte in input {
            pieces[pieces.count - 1].append(byte)
            guard byte == 0x0A else { continue }
            lines += 1
            if lines % linesEach == 0 { pieces.append([]) }
        }
        if pieces.last == [] { pieces.removeLast() }
        return pieces
    }
}
