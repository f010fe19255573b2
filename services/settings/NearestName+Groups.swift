import ConfigurationYAML

extension NearestName {
    /// As `nearest(to:among:)`; a name without its group (`max_body_bytes`) is also compared with the last parts of the
    /// candidates.
    static func nearest(to name: String, among candidates: [String], separator: Character) -> String? {
        var best: (name: String, edits: Int)?
        for candidate in candidates {
            let known = candidate.lowercased()
            var edits = edits(name, known)
            if !name.contains(separator), let last = known.split(separator: separator).last {
                edits = min(edits, 1 + self.edits(name, String(last)))
            }
            if edits < best?.edits ?? .max { best = (candidate, edits) }
        }
        return best?.name
    }
}
