public import LivepatchKit

// What a machine asks for, and what administrators ask about machines.
extension Paths {
    /// `POST` with an auth token: attaches the machine, and answers with its machine token.
    public static let machineRegisterTemplate = "/v1/client/{machine-id}/register"
    public static func machineRegister(_ id: MachineID) -> String { "\(machine(id))/register" }
    /// `GET` with a machine token: what the server knows of the machine.
    public static let machineInfoTemplate = "/v1/client/{machine-id}/info"
    public static func machineInfo(_ id: MachineID) -> String { "\(machine(id))/info" }
    /// `POST` with a machine token: the check-in.
    public static let machineUpdatesTemplate = "/v1/client/{machine-id}/updates"
    public static func machineUpdates(_ id: MachineID) -> String { "\(machine(id))/updates" }
    /// `POST` with a machine token: a health ping.
    public static let machinePingsTemplate = "/v1/client/{machine-id}/pings"
    public static func machinePings(_ id: MachineID) -> String { "\(machine(id))/pings" }
    /// `DELETE` with a machine token: the token ends.
    public static let machineTemplate = "/v1/client/{machine-id}"
    public static func machine(_ id: MachineID) -> String { "/v1/client/\(segment(id.description))" }

    /// `GET`, for everybody: whether a kernel gets patches. Canonical's client asks it.
    public static let kernelsSupported = "/v1/api/kernels/supported"

    /// `POST` issues an auth token.
    public static let authToken = "/v1/admin/auth-token"
    /// `GET` lists auth tokens.
    public static let authTokens = "/v1/admin/auth-tokens"
    /// `DELETE` revokes one.
    public static let authTokenTemplate = "/v1/admin/auth-tokens/{id}"
    public static func authToken(_ id: String) -> String { "\(authTokens)/\(segment(id))" }
    /// `POST` moves one and its machines to another tier.
    public static let authTokenMoveTemplate = "/v1/admin/auth-tokens/{id}/move"
    public static func authTokenMove(_ id: String) -> String { "\(authToken(id))/move" }
}
