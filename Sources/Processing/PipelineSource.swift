/// A pipeline's file and the files that it names, as they were when they were read: all that the pipeline can be made from again.
package struct PipelineSource: Codable, Equatable, Sendable {
    /// As the file is called in messages.
    package let name: String
    package let text: String
    /// Contents of lookup files, by the name that the pipeline's file gives them.
    package let lookups: [String: String]

    /// No stages.
    package static let empty = PipelineSource(name: "", text: "", lookups: [:])

    package init(name: String, text: String, lookups: [String: String]) {
        self.name = name
        self.text = text
        self.lookups = lookups
    }

    package func pipeline() throws(PipelineFaults) -> ProcessingPipeline {
        try ProcessingPipeline.parse(text, file: name) { lookup in
            guard let text = lookups[lookup] else { throw MissingLookup(name: lookup) }
            return text
        }
    }

    private struct MissingLookup: Error, CustomStringConvertible {
        let name: String
        var description: String { "its contents were not kept" }
    }
}
