import FoundationEssentials
public import LivepatchKit

/// A ``MachineQuery`` in a URL's query, the same for whoever asks and whoever is asked.
extension MachineQuery {
    public typealias Parameter = (name: String, value: String)

    private static let names: Set<String> = [
        "tier", "auth-token", "patch", "state", "kernel", "flavour", "architecture", "tag", "silent-since", "seen-since",
        "shared",
    ]

    /// What is asked, in a fixed order.
    public var parameters: [Parameter] {
        var parameters: [Parameter] = []
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { parameters.append((name, value.description)) }
        }
        add("tier", tier)
        add("auth-token", authToken)
        add("patch", patchVersion)
        for state in states { add("state", state.rawValue) }
        add("kernel", kernel)
        add("flavour", flavour)
        add("architecture", architecture)
        for tag in tags { add("tag", tag) }
        add("silent-since", silentSince.map(Timestamp.text))
        add("seen-since", seenSince.map(Timestamp.text))
        if shared { add("shared", "true") }
        return parameters
    }

    /// Reads what ``parameters`` writes, and passes over what is not about machines.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value` and `malformed-request`.
    public init(parameters: some Sequence<Parameter>) throws {
        self.init()
        for (name, value) in parameters where Self.names.contains(name) {
            switch name {
            case "tier": tier = try TierName(parsing: value)
            case "auth-token": authToken = value
            case "patch": patchVersion = try PatchVersion(parsing: value)
            case "state": states.append(try PatchState(parsing: value))
            case "kernel": kernel = try KernelVersion(parsing: value)
            case "flavour": flavour = try Flavour(parsing: value)
            case "architecture": architecture = try Architecture(parsing: value)
            case "tag": tags.append(value)
            case "silent-since": silentSince = try Self.time(value, name)
            case "seen-since": seenSince = try Self.time(value, name)
            default: shared = value == "true"
            }
        }
    }

    private static func time(_ text: String, _ name: String) throws -> Date {
        guard let date = Timestamp.date(text) else {
            throw LivepatchError(.malformedRequest, "The query parameter '\(name)' is a time in RFC 3339, not '\(text)'.")
        }
        return date
    }
}

extension PatchState {
    /// Reads a state as it is written everywhere.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let state = PatchState(rawValue: text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a state of patching.",
                suggestion: "The states are: \(Self.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        self = state
    }
}
