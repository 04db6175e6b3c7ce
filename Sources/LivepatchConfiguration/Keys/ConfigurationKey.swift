/// One thing that can be set: a row of the table that reading, checking and the reference are made from.
public struct ConfigurationKey: Hashable, Sendable {
    /// Where the reference lists a key.
    public enum Section: String, Hashable, Sendable, CaseIterable {
        case server = "Server"
        case authentication = "Authentication"
        case storage = "Patch storage"
        case sync = "Sync"
        case machines = "Machines"
        case webhooks = "Webhooks"
        case later = "Not in this release"
    }

    /// What a value looks like.
    public enum Kind: Hashable, Sendable {
        case text
        case path
        case boolean
        case integer
        case duration
        /// Bytes, with K, M, G or T for powers of 1024.
        case size
        /// A percentage.
        case share
        case choice([String])
        /// Several values joined by commas.
        case list(of: String)
        case url
        /// `host:port`, the host optional.
        case address
    }

    /// The name in a file and after `--set`: `patch-sync.interval`. A name that ends in `.*` stands for everything below it.
    public let name: String
    public let section: Section
    public let kind: Kind
    /// The value where nothing sets it; empty for none.
    public let defaultText: String
    /// Whether the value is never shown, neither in errors nor by `--check-config`.
    public let isSecret: Bool
    /// Whether a running server takes up a changed value when it is told to reload (SIGHUP).
    public let isReloadable: Bool
    /// One or two sentences that say what it does.
    public let meaning: String

    init(
        _ name: String, _ section: Section, _ kind: Kind, default defaultText: String = "", secret isSecret: Bool = false,
        reloadable isReloadable: Bool = false, _ meaning: String
    ) {
        self.name = name
        self.section = section
        self.kind = kind
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.isReloadable = isReloadable
        self.meaning = meaning
    }

    /// Whether this release has what the key sets. Using a key that is not available is an error, never silently ignored.
    public var isAvailable: Bool { section != .later }

    /// The name in the environment: `LP_PATCH_SYNC_INTERVAL`.
    public var environmentName: String {
        Self.environmentPrefix + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// Whether credentials may hide in the value.
    var holdsURLs: Bool { kind == .url || kind == .list(of: "URLs") }

    /// What the names of this system's environment variables begin with.
    public static let environmentPrefix = "LP_"
}

extension ConfigurationKey.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .text: "text"
        case .path: "path"
        case .boolean: "boolean"
        case .integer: "number"
        case .duration: "duration"
        case .size: "size"
        case .share: "percentage"
        case .choice(let values): values.joined(separator: ", ")
        case .list(let element): "list of \(element)"
        case .url: "URL"
        case .address: "address"
        }
    }
}
