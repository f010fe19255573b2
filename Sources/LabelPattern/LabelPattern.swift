/// A regular expression in RE2 syntax, as label matchers use it.
package struct LabelPattern: Hashable, Sendable {
    package let text: String
    package init(_ text: String) throws { self.text = text }
    package func matchesWhole(_ value: String) -> Bool { text == value }
}
