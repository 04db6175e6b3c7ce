public import Logging

/// Hands lines on without secrets: message, error and metadata, however deep.
public struct RedactingLogHandler<Base: LogHandler>: LogHandler {
    private var base: Base
    private let redactor: SecretRedactor
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    /// - Parameter base: writes the lines.
    public init(_ base: Base, _ redactor: SecretRedactor) {
        self.base = base
        self.redactor = redactor
    }

    public var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        // An error's own description is a text like any other from here on.
        if let error = event.error { fields["error"] = "\(error)" }
        var event = event
        event.error = nil
        event.message = "\(redactor.redacted("\(event.message)"))"
        event.metadata = redacted(fields)
        base.log(event: event)
    }

    private func redacted(_ fields: Logger.Metadata) -> Logger.Metadata {
        var shown: Logger.Metadata = [:]
        for (name, value) in fields {
            shown[redactor.redacted(name)] = CredentialPatterns.isSecret(name) ? "\(SecretRedactor.marker)" : redacted(value)
        }
        return shown
    }

    private func redacted(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
        switch value {
        case .string(let text): return .string(redactor.redacted(text))
        case .array(let values): return .array(values.map(redacted))
        case .dictionary(let fields): return .dictionary(redacted(fields))
        default: return .string(redactor.redacted("\(value)"))
        }
    }
}
