import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

/// A server at the top of a chain, and three people who keep a key of its roots each.
struct RootHolders {
    let signing: SigningServer
    let anna: SigningKey
    let ben: SigningKey
    let cleo: SigningKey

    var server: InProcessServer { signing.server }
    var all: [SigningKey] { [anna, ben, cleo] }

    init(_ signing: SigningServer) throws {
        self.signing = signing
        anna = try .generateEd25519()
        ben = try .generateEd25519()
        cleo = try .generateEd25519()
    }

    /// The same people, before the server as it was started anew.
    func before(_ restarted: SigningServer) -> Self { Self(restarted, self) }

    private init(_ signing: SigningServer, _ others: Self) {
        self.signing = signing
        (anna, ben, cleo) = (others.anna, others.ben, others.cleo)
    }

    var administration: RootAdministration {
        get throws {
            RootAdministration(
                publisher: try #require(server.metadata), catalog: server.catalog, now: { [clock = signing.clock] in clock.date })
        }
    }

    /// The next root, signed by some; it goes through its file from each to the next.
    func root(
        _ kind: TrustedRoot.Kind = .origin, of keys: [SigningKey] = [], threshold: Int? = nil, days: Double = 365,
        signedBy signers: [SigningKey] = []
    ) async throws -> RootProposal {
        var root = try RootProposal(
            after: try await administration.basis(of: kind), rootKeys: keys.map { try TrustPublicKey(of: $0) },
            threshold: threshold, expires: signing.clock.date + days * 86_400)
        for key in signers {
            _ = try await root.sign(with: key)
            root = try RootProposal(reading: root.bytes, from: "next-root.json")
        }
        return root
    }

    @discardableResult
    func publish(_ root: RootProposal) async throws -> TrustedRoot { try await publish(root.document, root.kind) }

    @discardableResult
    func publish(_ document: [UInt8], _ kind: TrustedRoot.Kind = .origin) async throws -> TrustedRoot {
        try await administration.publish(document, of: kind, by: "alice")
    }

    /// Gives the roots of a repository into the three people's hands, two of whom are to sign, and takes the server's own key away.
    func takeOver(_ kind: TrustedRoot.Kind = .origin) async throws {
        try await publish(root(kind, of: all, threshold: 2, signedBy: [anna, ben]))
        server.keys.set(nil, as: kind == .origin ? .originRoot : .tiersRoot)
    }

    /// What nobody but a root's maker decides, changed; with the signatures that it takes.
    func forged(signedBy signers: [SigningKey], _ change: (inout Root) -> Void) async throws -> [UInt8] {
        var forged = try await Metadata<Root>(root().document)
        change(&forged.signed)
        for key in signers { try await forged.sign(with: key) }
        return forged.document
    }
}
