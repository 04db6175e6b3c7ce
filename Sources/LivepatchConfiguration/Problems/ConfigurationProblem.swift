/// One mistake in the configuration, or one thing worth knowing about it. Its texts hold no secret.
public struct ConfigurationProblem: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// No key has that name.
        case unknownKey
        /// The key is known, but this release does not have what it sets.
        case notAvailable
        /// The value cannot be read.
        case malformedValue
        /// A value is missing that another one asks for.
        case missingValue
        /// Values contradict each other.
        case conflict
        /// A file, or an assignment on the command line, cannot be read.
        case unreadable
    }

    public let kind: Kind
    /// The key as it was written; `nil` where it is not about one.
    public let key: String?
    public let origin: ConfigurationOrigin?
    /// One sentence that says what is wrong.
    public let message: String
    /// One sentence that says what to do.
    public let suggestion: String?

    init(_ kind: Kind, key: String?, origin: ConfigurationOrigin?, _ message: String, suggestion: String? = nil) {
        self.kind = kind
        self.key = key
        self.origin = origin
        self.message = message
        self.suggestion = suggestion
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// Origin, message and suggestion in one line.
    public var description: String {
        let sentence = [message, suggestion].compactMap { $0 }.joined(separator: " ")
        return origin.map { "\($0): \(sentence)" } ?? sentence
    }
}
