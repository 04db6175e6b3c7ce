import LivepatchKit

/// A key together with the type of its value and the way its text is read.
struct Setting<Value: Sendable>: Sendable {
    let key: ConfigurationKey
    let defaultValue: Value
    /// Throws a ``SettingFault`` for a text that is not a value.
    let parse: @Sendable (String) throws -> Value
}

/// Why a text is not a value: words that continue "which …", such as `is not a duration`.
/// A secret's fault never quotes the text.
struct SettingFault: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension Setting {
    /// A setting that may be left empty, which stands for none.
    static func optional<Wrapped: Sendable>(
        _ name: String, _ section: ConfigurationKey.Section, _ kind: ConfigurationKey.Kind, secret: Bool = false,
        _ parse: @escaping @Sendable (String) throws -> Wrapped, _ meaning: String
    ) -> Self where Value == Wrapped? {
        Setting(
            key: ConfigurationKey(name, section, kind, secret: secret, meaning), defaultValue: nil,
            parse: { $0.isEmpty ? nil : try parse($0) })
    }

    /// A setting of several values joined by commas; spaces around them and empty ones are dropped.
    static func list<Element: Sendable>(
        _ name: String, _ section: ConfigurationKey.Section, of element: String, secret: Bool = false,
        reloadable: Bool = false, _ parse: @escaping @Sendable (String) throws -> Element, _ meaning: String
    ) -> Self where Value == [Element] {
        Setting(
            key: ConfigurationKey(name, section, .list(of: element), secret: secret, reloadable: reloadable, meaning),
            defaultValue: [],
            parse: { text in
                let items = text.split(separator: ",").map { SettingText.trimmed($0) }.filter { !$0.isEmpty }
                return try items.enumerated().map { index, item in
                    do {
                        return try parse(item)
                    } catch let fault as SettingFault {
                        guard items.count > 1 else { throw fault }
                        throw SettingFault(
                            secret
                                ? "has an entry, number \(index + 1) of \(items.count), that \(fault.reason)"
                                : "has an entry, '\(Redaction.escaped(Redaction.withoutCredentials(item)))', that \(fault.reason)"
                        )
                    }
                }
            })
    }
}

extension Setting<Bool> {
    static func boolean(
        _ name: String, _ section: ConfigurationKey.Section, default value: Bool, reloadable: Bool = false, _ meaning: String
    ) -> Self {
        Setting(
            key: ConfigurationKey(name, section, .boolean, default: "\(value)", reloadable: reloadable, meaning),
            defaultValue: value, parse: SettingText.boolean)
    }
}

extension Setting<Int> {
    static func integer(
        _ name: String, _ section: ConfigurationKey.Section, default value: Int, in range: ClosedRange<Int>, _ meaning: String
    ) -> Self {
        Setting(
            key: ConfigurationKey(name, section, .integer, default: "\(value)", meaning), defaultValue: value,
            parse: { try SettingText.integer($0, in: range) })
    }
}

extension Setting<Duration> {
    static func duration(
        _ name: String, _ section: ConfigurationKey.Section, default value: Duration, written text: String? = nil,
        in range: ClosedRange<Duration>, _ meaning: String
    ) -> Self {
        Setting(
            key: ConfigurationKey(name, section, .duration, default: text ?? DurationText.text(value), meaning),
            defaultValue: value,
            parse: { try SettingText.duration($0, in: range) })
    }
}

extension Setting<Int64> {
    static func size(
        _ name: String, _ section: ConfigurationKey.Section, default value: Int64, in range: ClosedRange<Int64>,
        _ meaning: String
    ) -> Self {
        Setting(
            key: ConfigurationKey(name, section, .size, default: ByteSize.text(value), meaning), defaultValue: value,
            parse: { try SettingText.size($0, in: range) })
    }
}
