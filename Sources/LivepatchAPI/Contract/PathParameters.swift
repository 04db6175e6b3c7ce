import LivepatchKit

extension Endpoint.Parameter {
    /// A parameter of a path by the name that it has in ``Paths``, where the endpoint does not say more.
    static func named(_ name: String) -> Endpoint.Parameter {
        switch name {
        case "tier": .path(name, TierName.self, "A tier's name.")
        case "version": .path(name, PatchVersion.self, "A patch version.")
        case "filename": .path(name, PatchFileName.self, "A patch file's name.")
        case "deployment": .path(name, DeploymentID.self, "A deployment's id.")
        case "machine-id": .path(name, MachineID.self, "What the machine calls itself.")
        case "machine": .path(name, String.self, "A machine by its own id, its hash, or the beginning of the hash.")
        case "kind": .path(name, TrustedRoot.Kind.self, "Which of the server's own repositories.")
        default: .path(name, String.self, "Its name.")
        }
    }
}
