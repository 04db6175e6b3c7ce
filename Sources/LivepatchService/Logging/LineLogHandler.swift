import FoundationEssentials
import LivepatchKit
public import Logging

/// Writes one line for each event: for people, or as a JSON object.
public struct LineLogHandler: LogHandler {
    /// The form of lines.
    public enum Form: Sendable {
        /// `2024-06-01T12:00:00Z info livepatch: message key=value …`
        case text
        /// An object with `time`, `level`, `logger`, `message` and the metadata.
        case json
    }

    private let label: String
    private let form: Form
    private let shared: LogLevelSwitch
    private let write: @Sendable (String) -> Void
    private var own: Logger.Level?
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    /// - Parameters:
    ///   - level: the process's level, as long as the logger is given none of its own.
    ///   - write: takes a line with its line break.
    public init(label: String, form: Form, level: LogLevelSwitch, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.form = form
        shared = level
        self.write = write
    }

    public var logLevel: Logger.Level {
        get { own ?? shared.level }
        set { own = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        let time = Timestamp.text(Date())
        switch form {
        case .text: write(text(event, time, fields))
        case .json: write(json(event, time, fields))
        }
    }

    private func text(_ event: LogEvent, _ time: String, _ fields: Logger.Metadata) -> String {
        var line = "\(time) \(event.level.rawValue) \(label): \(Self.oneLine("\(event.message)"))"
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            let text = Self.oneLine("\(value)")
            line += text.contains(" ") || text.isEmpty ? " \(key)=\"\(text)\"" : " \(key)=\(text)"
        }
        return line + "\n"
    }

    private func json(_ event: LogEvent, _ time: String, _ fields: Logger.Metadata) -> String {
        var object = fields.mapValues { "\($0)" }
        object["time"] = time
        object["level"] = event.level.rawValue
        object["logger"] = label
        object["message"] = "\(event.message)"
        let encoded = (try? DocumentCoding.encode(object)) ?? Array("{}".utf8)
        return String(decoding: encoded, as: UTF8.self) + "\n"
    }

    /// Control characters would let whoever chooses a path or a name write lines of their own.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { isControl($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
