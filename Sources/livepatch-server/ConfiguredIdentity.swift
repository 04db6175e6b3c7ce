import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchIdentity
import LivepatchKit
import LivepatchService
import Logging

/// An identity provider as a configuration has it.
struct ConfiguredIdentity {
    let provider: any IdentityProvider
    /// Keeps its keys up to date.
    let service: IdentityRefreshService
    private let keySet: ConfiguredKeySet

    /// - Returns: `nil` for a configuration without one.
    init?(
        _ configuration: OAuthConfiguration?, logger: Logger, now: @escaping @Sendable () -> Date
    ) throws {
        guard let configuration else { return nil }
        let keySet = try ConfiguredKeySet(configuration, logger: logger)
        let policy = TokenPolicy(
            issuer: configuration.issuer, audience: configuration.audience,
            algorithms: Set(configuration.algorithms.compactMap(SignatureAlgorithm.init(rawValue:))), roles: configuration.roles)
        let identity = BearerIdentity(policy, fetch: { try await keySet.fetch() }, logger: logger, now: now)
        self.keySet = keySet
        provider = identity
        service = IdentityRefreshService(identity, interval: configuration.refreshInterval)
    }

    /// Ends all connections.
    func close() async { await keySet.close() }
}
