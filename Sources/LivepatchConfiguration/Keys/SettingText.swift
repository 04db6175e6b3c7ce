import FoundationEssentials
import LivepatchKit

/// How the texts of settings are read. Each of these throws a ``SettingFault``.
enum SettingText {
    static func trimmed(_ text: some StringProtocol) -> String {
        let kept = text.drop { $0.isWhitespace }
        return String(kept.reversed().drop { $0.isWhitespace }.reversed())
    }

    static func boolean(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw SettingFault("is neither true nor false")
        }
    }

    static func integer(_ text: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw SettingFault("is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func duration(_ text: String, in range: ClosedRange<Duration>) throws -> Duration {
        guard let duration = try? DurationText.parse(text) else {
            throw SettingFault("is not a duration such as 90s, 10m, 1h30m or 30d")
        }
        guard range.contains(duration) else {
            throw SettingFault(
                "is not between \(DurationText.text(range.lowerBound)) and \(DurationText.text(range.upperBound))")
        }
        return duration
    }

    static func size(_ text: String, in range: ClosedRange<Int64>) throws -> Int64 {
        guard let bytes = try? ByteSize.parse(text) else { throw SettingFault("is not a size such as 512K, 10M or 2G") }
        guard range.contains(bytes) else {
            throw SettingFault("is not between \(ByteSize.text(range.lowerBound)) and \(ByteSize.text(range.upperBound))")
        }
        return bytes
    }

    /// A percentage as a fraction from 0 to 1.
    static func share(_ text: String) throws -> Double {
        guard text.wholeMatch(of: /[0-9]{1,3}(\.[0-9]{1,6})?%/) != nil, let percent = Double(text.dropLast()), percent <= 100
        else {
            throw SettingFault("is not a percentage from 0% to 100%, such as 50%")
        }
        return percent / 100
    }

    static func choice<Value: RawRepresentable & CaseIterable>(_ text: String, _ type: Value.Type) throws -> Value
    where Value.RawValue == String {
        guard let value = Value(rawValue: text) else {
            throw SettingFault("is not one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    static func path(_ text: String) throws -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw SettingFault("is not a path") }
        return text
    }

    /// An http or https URL of a server, without user, query or fragment.
    static func serverURL(_ text: String) throws -> URL {
        let url = try webURL(text)
        guard url.user() == nil, url.password() == nil else {
            throw SettingFault("carries a user or password, which belong in no server's URL here")
        }
        guard url.query() == nil, url.fragment() == nil else { throw SettingFault("carries a query or fragment") }
        return url
    }

    /// An http or https URL.
    static func webURL(_ text: String) throws -> URL {
        guard !text.contains(where: { $0.isWhitespace }), let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https"
        else { throw SettingFault("is not an http or https URL such as https://patches.example.com") }
        guard let host = url.host(), !host.isEmpty else { throw SettingFault("is a URL that names no host") }
        if let port = url.port, !(1...65535).contains(port) { throw SettingFault("is a URL with a port that does not exist") }
        return url
    }

    /// Reads a value of the domain, whose own error says what is wrong with it.
    static func value<Value: TextCodable & SendableMetatype>(_ type: Value.Type, _ what: String)
        -> @Sendable (String) throws -> Value
    {
        { text in
            do {
                return try Value(parsing: text)
            } catch let error as LivepatchError {
                throw SettingFault(
                    ["is not \(what)", error.suggestion].compactMap { $0 }.joined(separator: ". ").trimmingFullStop)
            }
        }
    }
}

extension String {
    fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
