// What is refused to machines, and about them, in the same words wherever they are kept.

extension LivepatchError {
    package static func machineLimit(_ id: String, _ limit: Int) -> LivepatchError {
        LivepatchError(
            .machineLimit, "The auth token '\(id)' attaches at most \(limit) machine\(limit == 1 ? "" : "s"), and has done so.",
            suggestion:
                "Ask the server's administrator for another token, or to forget machines that are gone with `livepatch-admin machines forget`."
        )
    }

    package static func authTokenExists(_ id: String) -> LivepatchError {
        LivepatchError(
            .alreadyExists, "There is an auth token '\(id)' already.",
            suggestion: "Choose another id, or revoke that one first with `livepatch-admin auth-tokens revoke`.")
    }

    package static func authTokenUnknown(_ id: String) -> LivepatchError {
        LivepatchError(
            .notFound, "There is no auth token '\(id)', or it has been revoked.",
            suggestion: "See `livepatch-admin auth-tokens list`.")
    }

    package static func machineUnknown(_ id: HashedMachineID) -> LivepatchError {
        LivepatchError(
            .notFound, "There is no machine \(id).",
            suggestion: "See `livepatch-admin machines list`; it may have been forgotten.")
    }
}
