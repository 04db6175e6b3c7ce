import TUF

/// A root that was signed elsewhere, for a server to publish.
struct RootAdoption: Sendable {
    let kind: TrustedRoot.Kind
    let document: [UInt8]
}

extension RootChain {
    /// Takes in the next root, if whoever trusts the present one would follow to it, and this server can sign what it lists.
    /// - Parameters:
    ///   - key: this server's own root key; it signs too where the present root asks for it.
    ///   - wanted: the keys of the other roles.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is no present root, and `root-refused`.
    mutating func adopt(
        _ document: [UInt8], _ subject: String, signingWith key: SigningKey?, listing wanted: [String: SigningKey],
        at time: MetadataTime
    ) async throws {
        guard let newest, let last = documents[newest.signed.version] else { throw LivepatchError.noRoot(subject) }
        var next: Metadata<Root>
        do { next = try Metadata<Root>(document) } catch {
            throw LivepatchError.refusedRoot(of: subject, "it cannot be read: \(error.message)", cause: error)
        }
        let present = newest.signed.version
        guard next.signed.version - 1 == present else {
            throw LivepatchError.refusedRoot(
                of: subject, "it has version \(next.signed.version), and the present one is \(present)",
                suggestion: "Prepare the root \(present + 1) with `livepatch-admin trust root-init`, and have that signed.")
        }
        guard !next.signed.isExpired(at: time) else {
            throw LivepatchError.refusedRoot(of: subject, "it expired at \(next.signed.expires), and it is \(time)")
        }
        guard next.signed.usesConsistentSnapshots else {
            throw LivepatchError.refusedRoot(of: subject, "it turns consistent snapshots off, which every reader refuses")
        }
        for (role, key) in wanted.sorted(by: { $0.key < $1.key })
        where !next.signed.isSigned(by: key.key, id: key.keyID, as: role) {
            throw LivepatchError.refusedRoot(
                of: subject, "it does not list this server's key \(key.keyID), and no other, for the role '\(role)'",
                suggestion:
                    "The server's keys have changed since it was prepared, or another server's were listed. Prepare it anew with `livepatch-admin trust root-init`."
            )
        }
        let judges = [newest.signed, next.signed]
        next.keepSignatures(ofRootKeysOf: judges)
        if let key, newest.signed.isRootKey(key), !RootDemand(of: newest.signed, on: next).isMet {
            try await next.sign(with: key)
        }
        for demand in judges.map({ RootDemand(of: $0, on: next) }) where !demand.isMet {
            throw LivepatchError.refusedRoot(
                of: subject, demand.description,
                suggestion: "Have it signed with `livepatch-admin trust sign` by as many more, and publish it then.")
        }
        // The last word has the very code that those below follow roots with.
        do {
            var client = try TrustedMetadata(trustedRoot: last, startTime: time)
            try client.acceptRoot(next.document)
            try client.checkFinalRoot()
            let limit = ClientLimits().rootLength
            guard next.document.count <= limit else { throw TUFError(.tooLong, "It has more than \(limit) bytes.") }
        } catch let error as TUFError {
            throw LivepatchError.refusedRoot(of: subject, "readers would not follow to it: \(error.message)", cause: error)
        }
        append(next)
    }
}

extension LivepatchError {
    /// There is no repository of that kind to have a root.
    static func noRoot(_ subject: String) -> LivepatchError {
        LivepatchError(
            .notFound, "This server does not sign \(subject).",
            suggestion: "Ask the server that does: `livepatch-admin trust status` names it.")
    }

    static func refusedRoot(
        of subject: String, _ reason: String, suggestion: String = "Prepare another one with `livepatch-admin trust root-init`.",
        cause: (any Error)? = nil
    ) -> LivepatchError {
        LivepatchError(
            .rootRefused, "The root of \(subject) was not published: \(reason).", suggestion: suggestion, cause: cause)
    }
}

extension Root {
    /// Whether a role's signatures are that key's alone.
    func isSigned(by key: Key, id: String, as role: String) -> Bool {
        guard let listed = roles[role] else { return false }
        return listed.threshold == 1 && listed.keyIDs == [id] && keys[id] == key
    }

    /// Whether roots are signed by that key.
    func isRootKey(_ key: SigningKey) -> Bool {
        roles[RoleName.root]?.keyIDs.contains(key.keyID) == true && keys[key.keyID] == key.key
    }

    mutating func removeUnusedKeys() {
        let used = Set(roles.sorted.flatMap(\.value.keyIDs))
        for id in keys.names where !used.contains(id) { keys[id] = nil }
    }
}

extension Metadata<Root> {
    /// Leaves away what nobody signs, and signatures that nobody asks for.
    fileprivate mutating func keepSignatures(ofRootKeysOf roots: [Root]) {
        let ids = Set(roots.flatMap { $0.roles[RoleName.root]?.keyIDs ?? [] })
        let kept = signatures.filter { ids.contains($0.keyID) }
        unrecognized = JSONObject()
        removeSignatures()
        for signature in kept { add(signature) }
    }
}
