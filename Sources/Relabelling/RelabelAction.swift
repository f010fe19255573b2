/// What a rule does; the raw values are those of `action` in the file.
package enum RelabelAction: String, CaseIterable, Sendable {
    case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase

    /// Whether it writes to or compares with the label called `target_label`.
    var needsTarget: Bool {
        switch self {
        case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal: true
        case .keep, .drop, .labelmap, .labeldrop, .labelkeep: false
        }
    }

    var takesReplacement: Bool {
        switch self {
        case .lowercase, .uppercase, .keepequal, .dropequal, .labeldrop, .labelkeep: false
        default: true
        }
    }
}
