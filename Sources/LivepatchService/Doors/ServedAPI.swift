import LivepatchAPI

/// Whom a part of the server's wire is for. Each may have an address of its own.
public enum ServedAPI: String, Hashable, Sendable, CaseIterable {
    case machines
    /// The servers below: the sync API.
    case downstreams
    case administrators

    /// Which of them a route is a part of; `nil` for one that is answered everywhere, such as the state of the server.
    static func owners(of template: String, for entry: EntryGate.Entry) -> Set<ServedAPI>? {
        switch entry {
        case .administrators: [.administrators]
        case .downstreams: [.downstreams]
        case .machines: [.machines]
        case .viewers: [.machines, .downstreams]
        case .downloaders: Set(allCases)
        case .everybody:
            if template.hasPrefix("/v1/admin/") {
                [.administrators]
            } else if template.hasPrefix("/v1/client/") || template.hasPrefix("/v1/api/") {
                [.machines]
            } else {
                nil
            }
        }
    }
}

extension Caller {
    /// The part of the wire that is for such a caller.
    var api: ServedAPI {
        switch self {
        case .administrator: .administrators
        case .downstream: .downstreams
        case .machine: .machines
        }
    }
}
