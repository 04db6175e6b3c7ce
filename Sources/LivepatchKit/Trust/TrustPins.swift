public import FoundationEssentials
import TUF

/// What a server trusts of its upstreams' repositories, and with which roots that began.
public struct TrustPins: Sendable {
    private let trust: any TrustStorage
    private let configured: Set<SHA256Digest>
    private let limits = ClientLimits()

    /// - Parameter configured: the fingerprints of the roots that the configuration names.
    public init(_ trust: any TrustStorage, configured: [SHA256Digest]) {
        self.trust = trust
        self.configured = Set(configured)
    }

    /// In order of kind, signer and tier. What cannot be read is left out: the next sync begins it anew.
    public func pins(at time: Date) async throws -> [TrustStatus.Pin] {
        var pins: [TrustStatus.Pin] = []
        for repository in try await trust.trustedRepositories() {
            if let pin = try await pin(of: repository, at: time) { pins.append(pin) }
        }
        return pins.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
    }

    private static func order(_ pin: TrustStatus.Pin) -> [String] {
        [pin.kind.rawValue, pin.signer.description, pin.view?.description ?? ""]
    }

    private func pin(of repository: TrustedRepository, at time: Date) async throws -> TrustStatus.Pin? {
        let cache = try await trust.trusted(repository)
        guard let anchor = try await cache.read(TrustAnchors.role, limit: limits.rootLength),
            let bytes = try await cache.read(RoleName.root, limit: limits.rootLength), let root = try? Metadata<Root>(bytes)
        else { return nil }
        let timestamp = try await cache.read(RoleName.timestamp, limit: limits.timestampLength)
        let expires = timestamp.flatMap { try? Metadata<TUF.Timestamp>($0) }?.signed.expires.date
        let fingerprint = SHA256Digest(of: anchor)
        let (kind, signer, view): (TrustedRoot.Kind, DeploymentID, TierName?) =
            switch repository {
            case .origin(let deployment): (.origin, deployment, nil)
            case .view(let tier, let owner): (.tiers, owner, tier)
            }
        return TrustStatus.Pin(
            kind: kind, signer: signer, view: view, fingerprint: fingerprint, isConfigured: configured.contains(fingerprint),
            rootVersion: root.signed.version, expires: expires,
            state: expires.map { ExpiryState(of: RoleName.timestamp, expiring: $0, at: time) })
    }
}
