import ConfigurationYAML

extension HeliographSettings {
    /// Reads the settings from every source. A stronger source replaces a weaker one's value, setting by setting:
    ///
    ///     built-in default  <  YAML file  <  environment variable  <  flag of the command line
    ///
    /// - Parameters:
    ///   - file: The YAML file; nil takes the one that `HELIOGRAPH_CONFIG` names, or none.
    ///   - environment: All variables; those that do not begin with `HELIOGRAPH_` are left alone, and one that is set
    ///     to nothing counts as not set.
    ///   - flags: Values by dotted key, as text.
    /// - Throws: every problem of all sources together. Nothing is skipped silently: a name that is not known is a
    ///   problem.
    package static func load(
        file: String?, environment: [String: String], flags: [String: String]
    ) throws(SettingsError) -> HeliographSettings {
        var loading = SettingsLoading()
        let named = environment[SettingKey.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let path = file ?? named { loading.take(SettingsFile(path: path)) }
        loading.take(environment: environment)
        loading.take(flags: flags)
        guard loading.problems.isEmpty else { throw SettingsError(problems: loading.problems) }
        return loading.settings
    }
}

/// Sources taken one after the other, the strongest last.
struct SettingsLoading {
    private(set) var settings = HeliographSettings()
    private(set) var problems: [SettingProblem] = []

    mutating func take(_ file: SettingsFile) {
        problems += file.problems
        var seen: [String: SettingPlace] = [:]
        for entry in file.entries {
            guard let key = SettingKey.byName[entry.key] else {
                unknown(entry.key, at: entry.place, among: SettingKey.all.map(\.name), separator: ".")
                continue
            }
            if let first = seen.updateValue(entry.place, forKey: entry.key) {
                problems.append(SettingProblem(place: entry.place, fault: .setTwice(setting: key.name, first: first)))
                continue
            }
            set(key, to: entry.input, at: entry.place, found: entry.found)
        }
    }

    mutating func take(environment: [String: String]) {
        let prefix = SettingKey.environmentPrefix
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
            if name == SettingKey.fileVariable || SettingKey.clientVariables.contains(name) { continue }
            if ServiceLink.isOne(name: name, value: text) { continue }
            let place = SettingPlace.environment(name: name)
            guard let key = SettingKey.byEnvironmentName[name] else {
                unknown(name, at: place, among: SettingKey.all.map(\.environmentName), separator: "_")
                continue
            }
            if !text.isEmpty { set(key, to: .scalar(text), at: place, found: quoted(text)) }
        }
    }

    mutating func take(flags: [String: String]) {
        for (name, text) in flags.sorted(by: { $0.key < $1.key }) {
            let place = SettingPlace.flag(key: name)
            guard let key = SettingKey.byName[name] else {
                unknown(name, at: place, among: SettingKey.all.map(\.name), separator: ".")
                continue
            }
            set(key, to: .scalar(text), at: place, found: quoted(text))
        }
    }

    private mutating func set(_ key: SettingKey, to input: SettingInput?, at place: SettingPlace, found: String) {
        if let input, key.read(input, into: &settings) {
            settings.places[key.name] = place
        } else {
            let shown =
                key.isSecret && found.hasPrefix("\"") ? "a text that is none (not shown: it may be secret)" : found
            let why = input.flatMap { key.explain($0) }.map { "\(shown); \($0)" }
            let fault = SettingProblem.Fault.badValue(setting: key.name, expected: key.expected, found: why ?? shown)
            problems.append(SettingProblem(place: place, fault: fault))
        }
    }

    private mutating func unknown(
        _ name: String, at place: SettingPlace, among known: [String], separator: Character
    ) {
        let nearest = NearestName.nearest(to: name, among: known, separator: separator) ?? ""
        problems.append(SettingProblem(place: place, fault: .unknownSetting(name: name, nearest: nearest)))
    }
}

/// The variables that Kubernetes sets in every container of a namespace for a Service called `heliograph…`
/// (kubernetes.io, "Accessing the Service", environment variables). They carry our prefix and are no settings.
enum ServiceLink {
    static func isOne(name: String, value: String) -> Bool {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false).dropFirst()
        if name.hasSuffix("_SERVICE_HOST") { return true }
        if name.hasSuffix("_PORT"), value.hasPrefix("tcp://") || value.hasPrefix("udp://") { return true }
        for (part, next) in zip(parts, parts.dropFirst()) {
            if part == "SERVICE", next == "PORT" { return true }
            if part == "PORT", UInt16(next) != nil { return true }
        }
        return false
    }
}
