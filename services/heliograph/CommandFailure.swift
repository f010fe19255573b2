/// A command cannot do what it was asked to; the text says what to do. Ends the process with exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
