import TUF

// What is told when signed metadata is refused: what was expected, what came, from where, and what to do.

extension LivepatchError {
    /// A refusal of the library's in this domain's words.
    /// - Parameter address: the upstream that showed it.
    static func refusing(_ error: TUFError, _ repository: TrustedRepository, from address: String) -> LivepatchError {
        switch error.code {
        case .expired: stale(repository, from: address, error.message)
        case .unavailable:
            LivepatchError(
                .upstreamMoving,
                "\(address) does not have what it announced of \(repository): \(error.message)",
                suggestion: "It changed in between, or lacks files; the next sync tries again.", cause: error)
        case .tooSlow:
            LivepatchError(
                .upstreamTimeout, "\(address) took too long to send \(repository): \(error.message)",
                suggestion: "The next sync tries again.", cause: error)
        case .storage:
            LivepatchError(
                .trustUnavailable, "What is trusted of \(repository) cannot be kept: \(error.message)",
                suggestion: "Check the directory 'trust' of the data directory.", cause: error)
        case .rollback:
            untrusted(
                repository, from: address, error.message,
                "Nothing was changed here. An upstream that was restored from a backup or lags behind another one catches up by itself; otherwise somebody shows old metadata again: look at that server and at what stands between.",
                cause: error)
        default:
            untrusted(
                repository, from: address, error.message,
                "Nothing was changed here, and what is here is served on. Compare the roots' fingerprints with the administrator of the server that signs, and look at the servers between.",
                cause: error)
        }
    }

    static func untrusted(
        _ repository: TrustedRepository, from address: String, _ reason: String, _ suggestion: String, cause: TUFError? = nil
    ) -> LivepatchError {
        LivepatchError(
            .upstreamUntrusted, "\(address) showed \(repository) in a form that is not trusted: \(reason)",
            suggestion: suggestion,
            cause: cause)
    }

    /// A contradiction between documents each of which is signed as it should be, or between them and the head.
    static func contradictory(_ repository: TrustedRepository, from address: String, _ reason: String) -> LivepatchError {
        untrusted(
            repository, from: address, reason,
            "Nothing was changed here. The server that signs the tiers, or one between it and this one, is damaged or tampered with; its administrator should look."
        )
    }

    static func stale(_ repository: TrustedRepository, from address: String, _ reason: String) -> LivepatchError {
        LivepatchError(
            .upstreamStale, "\(address) cannot prove that \(repository) is recent: \(reason)",
            suggestion:
                "What is here is served on, and nothing new is taken until the upstream shows newer metadata. See whether it and the servers above it still sync (`livepatch-admin trust status`), and whether this server's clock is right."
        )
    }

    /// A patch version's document is not what the origin released.
    static func refusing(_ version: PatchVersion, from address: String, _ reason: String, cause: any Error) -> LivepatchError {
        LivepatchError(
            .upstreamUntrusted, "\(address) showed a document of patch \(version) that is not trusted: \(reason)",
            suggestion:
                "It was not taken, and what is here of it stays. Ask the administrator of the origin to look at that version, and look at the servers between.",
            cause: cause)
    }

    /// The head names another timestamp than the one that was fetched.
    static func moving(_ repository: TrustedRepository, from address: String) -> LivepatchError {
        LivepatchError(
            .upstreamMoving, "The timestamp of \(repository) is not the one that the head of \(address) announced.",
            suggestion: "It changed in between; the next sync tries again.")
    }

    static func unsigned(from address: String, roots: Bool) -> LivepatchError {
        let reason = roots ? "patch-sync.trusted-roots is set" : "signed ones were trusted here before"
        return LivepatchError(
            .upstreamUntrusted, "\(address) shows documents that nobody signed, though \(reason).",
            suggestion:
                "Nothing was changed here. If the servers above really stopped signing, remove 'trust/upstream' from the data directory and patch-sync.trusted-roots from the configuration; otherwise somebody stands between."
        )
    }

    // MARK: Roots

    static func foreignRoot(
        _ repository: TrustedRepository, seen: [SHA256Digest], from address: String
    ) -> LivepatchError {
        let fingerprints = seen.map(\.description).joined(separator: ", ")
        return LivepatchError(
            .upstreamUntrusted,
            "\(address) shows \(repository) with \(seen.count == 1 ? "the root" : "the roots") \(fingerprints), of which patch-sync.trusted-roots names none.",
            suggestion:
                "Ask the administrator of the server that signs it for the root's fingerprint (`livepatch-admin trust status` there). If it is one of these, add it to patch-sync.trusted-roots; otherwise somebody stands between."
        )
    }

    static func differentRoots(
        _ repository: TrustedRepository, expected: SHA256Digest, seen: [SHA256Digest], from address: String
    ) -> LivepatchError {
        LivepatchError(
            .upstreamUntrusted,
            "\(address) shows \(repository) with the root \(seen.map(\.description).joined(separator: ", ")), while the other views of that server begin with \(expected).",
            suggestion: "Nothing was changed here. All views of a server have the same roots; look at the servers between.")
    }

    static func unexpectedRoot(_ repository: TrustedRepository, seen: SHA256Digest, from address: String) -> LivepatchError {
        let kind = if case .origin = repository { "another origin" } else { "the tiers of another server" }
        return LivepatchError(
            .upstreamUntrusted,
            "\(address) shows \(repository) with the root \(seen); \(kind) was trusted here at first sight, and nobody has said that this one is to be trusted too.",
            suggestion:
                "If it is meant to be, set patch-sync.trusted-roots to the fingerprints of all roots that are to be trusted: this one's, and those of the servers that were trusted before (`livepatch-admin trust status`)."
        )
    }
}

extension TrustedRepository: CustomStringConvertible {
    public var description: String {
        switch self {
        case .origin(let deployment): "the origin repository of \(deployment)"
        case .view(let tier, let owner): "the view '\(tier)' of the tier repository of \(owner)"
        }
    }
}
