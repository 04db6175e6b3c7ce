public import FoundationEssentials
public import TUF

/// The next root of a repository on its way from key to key, until enough of them have signed it.
///
/// Its file is that root's metadata, with a member beside what is signed that holds the root before it: so whoever signs sees,
/// without a server, what changes and whose signatures are still missing.
public struct RootProposal: Sendable {
    public let kind: TrustedRoot.Kind
    /// The server whose repository it is for.
    public let signer: DeploymentID
    private let previous: Metadata<Root>
    private var next: Metadata<Root>

    /// The member that is not signed, and not published.
    private static let ceremony = "ceremony"

    /// Prepares the root after a server's present one, without signatures.
    /// - Parameters:
    ///   - rootKeys: the keys that are to sign roots from then on; if there are none, they stay as they are.
    ///   - threshold: how many of them have to; `nil` to leave that as it is.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for a key that is named twice or a threshold that the keys cannot
    ///   reach, and `root-refused` if the present root cannot be read.
    public init(after basis: RootBasis, rootKeys: [TrustPublicKey], threshold: Int?, expires: Date) throws {
        kind = basis.kind
        signer = basis.signer
        previous = try Self.read(Array(basis.root.utf8), "The present root")
        var body = previous.signed
        body.version += 1
        body.expires = MetadataTime(secondsSince1970: Int64(expires.timeIntervalSince1970.rounded(.down)))
        var role = body.roles[RoleName.root] ?? RoleKeys(keyIDs: [])
        if !rootKeys.isEmpty {
            guard Set(rootKeys).count == rootKeys.count else {
                throw LivepatchError(
                    .malformedValue, "The same root key is named twice.", suggestion: "Give the public part of each holder's key."
                )
            }
            role.keyIDs = rootKeys.map(\.id)
            for key in rootKeys { body.keys[key.id] = key.key }
        }
        role.threshold = threshold ?? role.threshold
        guard (1...max(1, role.keyIDs.count)).contains(role.threshold) else {
            throw LivepatchError(
                .malformedValue, "\(role.threshold) signatures cannot come from \(role.keyIDs.count) keys.",
                suggestion: "The threshold is from 1 to the number of root keys.")
        }
        body.roles[RoleName.root] = role
        let online = [(RoleName.targets, basis.targets), (RoleName.snapshot, basis.online), (RoleName.timestamp, basis.online)]
        for (name, key) in online where !body.isSigned(by: key.key, id: key.id, as: name) {
            body.roles[name] = RoleKeys(keyIDs: [key.id])
            body.keys[key.id] = key.key
        }
        body.removeUnusedKeys()
        next = Metadata(body)
    }

    /// Reads a proposal's file.
    /// - Parameter name: what errors call it.
    /// - Throws: ``LivepatchError`` with the code `root-refused` if it is none.
    public init(reading bytes: [UInt8], from name: String) throws {
        next = try Self.read(bytes, "'\(name)'")
        guard case .object(let ceremony)? = next.unrecognized[Self.ceremony],
            case .string(let kindName)? = ceremony["repository"], let kind = TrustedRoot.Kind(rawValue: kindName),
            case .string(let signerName)? = ceremony["signer"], let signer = try? DeploymentID(parsing: signerName),
            let last = ceremony["previous"]
        else {
            throw LivepatchError(
                .rootRefused, "'\(name)' does not say which root it is to follow.",
                suggestion: "Prepare it with `livepatch-admin trust root-init`, and sign that file.")
        }
        self.kind = kind
        self.signer = signer
        previous = try Self.read(JSONDocument.write(last), "The previous root in '\(name)'")
        next.unrecognized = JSONObject()
        guard RootDemand(of: previous.signed, on: previous).isMet else {
            throw LivepatchError(
                .rootRefused, "The previous root in '\(name)' is not signed as it should be.",
                suggestion: "Do not sign this file: it was changed, or never came from a server. Prepare another one.")
        }
        guard previous.signed.version < .max, next.signed.version == previous.signed.version + 1 else {
            throw LivepatchError(
                .rootRefused,
                "'\(name)' has version \(next.signed.version), and does not follow the root \(previous.signed.version) in it.",
                suggestion: "Do not sign this file. Prepare another one with `livepatch-admin trust root-init`.")
        }
    }

    /// The proposal's file.
    public var bytes: [UInt8] {
        var file = next
        var ceremony: JSONObject = ["repository": .string(kind.rawValue), "signer": .string(signer.description)]
        ceremony["previous"] = try? JSONDocument.parse(previous.document)
        file.unrecognized[Self.ceremony] = .object(ceremony)
        return file.document
    }

    /// The root's own document, as it is published.
    public var document: [UInt8] { next.document }

    /// Signs it.
    /// - Returns: `false` if the key had signed it already.
    /// - Throws: ``LivepatchError`` with the code `root-refused` if nobody asks for that key's signature.
    public mutating func sign(with key: SigningKey) async throws -> Bool {
        let demands = demands
        guard demands.contains(where: { $0.concerns(key.keyID) }) else {
            throw LivepatchError(
                .rootRefused,
                "The key \(key.keyID) is neither a root key of root \(previous.signed.version) nor one of root \(next.signed.version): its signature would not count.",
                suggestion: "See whether this is the right key; those that may sign are listed above.")
        }
        guard !demands.contains(where: { $0.signed.contains(key.keyID) }) else { return false }
        try await next.sign(with: key)
        return true
    }

    private var demands: [RootDemand] {
        [RootDemand(of: previous.signed, on: next), RootDemand(of: next.signed, on: next)]
    }

    /// What it says, and who has signed it.
    public var summary: RootSummary {
        let body = next.signed
        return RootSummary(
            kind: kind, signer: signer, version: body.version, expires: body.expires.date,
            previous: TrustedRoot(
                kind: kind, signer: signer, version: previous.signed.version, fingerprint: SHA256Digest(of: previous.document)),
            roles: RoleName.topLevel.map { name in
                let role = body.roles[name]
                let before = previous.signed.roles[name]
                return RootSummary.Role(
                    name: name, keys: role?.keyIDs ?? [], threshold: role?.threshold ?? 0,
                    isChanged: role?.keyIDs != before?.keyIDs || role?.threshold != before?.threshold)
            }, demands: demands)
    }

    private static func read(_ bytes: [UInt8], _ subject: String) throws -> Metadata<Root> {
        do {
            return try Metadata<Root>(bytes)
        } catch {
            throw LivepatchError(.rootRefused, "\(subject) cannot be read as a root: \(error.message)", cause: error)
        }
    }
}

/// What a person should know of a root before signing it.
public struct RootSummary: Hashable, Sendable, Codable {
    public struct Role: Hashable, Sendable, Codable {
        public let name: String
        /// The ids of its keys, and how many of them have to sign.
        public let keys: [String]
        public let threshold: Int
        /// Whether that differs from the previous root.
        public let isChanged: Bool
    }

    public let kind: TrustedRoot.Kind
    public let signer: DeploymentID
    public let version: Int
    public let expires: Date
    public let previous: TrustedRoot
    public let roles: [Role]
    /// What the previous root asks for, and what the new one does.
    public let demands: [RootDemand]

    /// Whether all signatures are there.
    public var isComplete: Bool { demands.allSatisfy(\.isMet) }
}
