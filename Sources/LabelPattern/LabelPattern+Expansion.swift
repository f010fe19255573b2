extension LabelPattern {
    /// The template with `$1`, `${1}`, `$name` and `${name}` replaced by what the groups captured and `$$` by `$`, as
    /// Go's `Regexp.Expand` does it.
    ///
    /// `$name` takes as many letters, digits and underscores as follow (`$1x` is `${1x}`). Groups that do not exist or
    /// took no part are empty. A `$` that begins none of these stands for itself.
    /// - Parameter groups: what `firstMatch` gave.
    package func expand(_ template: String, _ groups: [String?]) -> String {
        var output = String.UnicodeScalarView()
        var rest = template.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar != "$" {
                output.append(scalar)
            } else if rest.first == "$" {
                rest.removeFirst()
                output.append("$")
            } else if let name = LabelPattern.popReference(from: &rest) {
                output.append(contentsOf: (captured(name, in: groups) ?? "").unicodeScalars)
            } else {
                output.append("$")
            }
        }
        return String(output)
    }

    /// The name behind a `$`, with or without braces; nil (nothing consumed) if there is none.
    private static func popReference(from rest: inout Substring.UnicodeScalarView) -> String? {
        var after = rest
        let isBraced = after.first == "{"
        if isBraced { after.removeFirst() }
        let name = after.prefix { $0 == "_" || $0.properties.generalCategory.isLetterOrDecimalDigit }
        guard !name.isEmpty else { return nil }
        after = after[name.endIndex...]
        if isBraced {
            guard after.first == "}" else { return nil }
            after.removeFirst()
        }
        rest = after
        return String(name)
    }

    private func captured(_ name: String, in groups: [String?]) -> String? {
        let isNumber = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
        // A leading zero makes it a name, and no group has such a name by itself.
        if isNumber, name.utf8.count == 1 || name.utf8.first != 0x30 {
            return Int(name).flatMap { $0 < groups.count ? groups[$0] : nil }
        }
        let named = zip(groupNames, groups).first { $0.0 == name && $0.1 != nil }
        return named?.1
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isLetterOrDecimalDigit: Bool {
        switch self {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }
}
