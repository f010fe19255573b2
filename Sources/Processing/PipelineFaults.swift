package import ConfigurationYAML

/// All that is wrong in a pipeline file, one fault a stage, in the order of the file; never empty.
package struct PipelineFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// As the file is called in messages.
    package let file: String
    package let faults: [ConfigurationFault]

    init(file: String, _ faults: [ConfigurationFault]) {
        precondition(!faults.isEmpty, "a failure has a cause")
        self.file = file
        self.faults = faults
    }

    package var description: String {
        faults.map { "\(file):\($0.line):\($0.column): \($0.message)" }.joined(separator: "\n")
    }
}
