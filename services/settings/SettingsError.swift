/// Where a value stands.
package enum SettingPlace: Hashable, Sendable {
    case builtIn
    /// Line and column from 1, counted in Unicode scalars.
    case file(path: String, line: Int, column: Int)
    /// The file as a whole.
    case wholeFile(path: String)
    case environment(name: String)
    /// A flag of the command line, by the key of its setting.
    case flag(key: String)
}

extension SettingPlace: CustomStringConvertible {
    package var description: String {
        switch self {
        case .builtIn: "built-in default"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .wholeFile(let path): path
        case .environment(let name): "environment variable \(name)"
        case .flag: "command line"
        }
    }
}

/// One thing that is wrong with the settings.
package struct SettingProblem: Hashable, Sendable {
    package enum Fault: Hashable, Sendable {
        case unreadableFile(reason: String)
        case invalidYAML(reason: String)
        /// The file holds something else than settings by name.
        case notAMapping(found: String)
        /// A group of settings was given a value of its own.
        case groupIsNoValue(group: String, found: String)
        /// `nearest` is a known name of the same kind: a key, or an environment variable.
        case unknownSetting(name: String, nearest: String)
        case badValue(setting: String, expected: String, found: String)
        case setTwice(setting: String, first: SettingPlace)
    }

    package let place: SettingPlace
    package let fault: Fault
}

extension SettingProblem: CustomStringConvertible {
    package var description: String {
        switch fault {
        case .unreadableFile(let reason):
            "\(place): the settings file cannot be read: \(reason)"
        case .invalidYAML(let reason):
            "\(place): this is not valid YAML: \(reason)"
        case .notAMapping(let found):
            "\(place): expected settings as `name: value`, found \(found)"
        case .groupIsNoValue(let group, let found):
            "\(place): \(group) is a group of settings: expected them indented below it, found \(found)"
        case .unknownSetting(let name, let nearest):
            "\(place): there is no setting \(name); the nearest one is \(nearest)"
        case .badValue(let setting, let expected, let found):
            "\(place): \(setting): expected \(expected), found \(found)"
        case .setTwice(let setting, let first):
            "\(place): \(setting) is already set at \(first); keep one of the two"
        }
    }
}

/// Why settings could not be loaded: every problem of every source, in the order of the sources.
package struct SettingsError: Error, Hashable {
    package let problems: [SettingProblem]
}

extension SettingsError: CustomStringConvertible {
    /// One problem a line.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
