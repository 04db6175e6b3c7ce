public import FoundationEssentials
public import LivepatchConfiguration
import LivepatchHTTP
public import LivepatchKit
public import Logging

/// Webhooks as a configuration has them: what looks after them, and what tells them.
public struct ConfiguredWebhooks: Sendable {
    public let administration: WebhookAdministration
    public let dispatcher: WebhookDispatcher
    private let transport: HTTPWebhookTransport

    /// - Parameters:
    ///   - machines: whose health is told of.
    ///   - now: the current time.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`.
    public init(
        _ configuration: WebhookConfiguration, store: any WebhookStore, secrets: any WebhookSecretStore, catalog: any Catalog,
        reports: any SyncReportStore, machines: any MachineStore, tiers: TierStateCache, tokens: any TokenStore,
        authTokens: any AuthTokenStore, logger: Logger, now: @escaping @Sendable () -> Date
    ) throws {
        transport = HTTPWebhookTransport(
            authorities: try configuration.certificateAuthority.map(TrustedAuthorities.init(file:)) ?? .system, logger: logger)
        let courier = WebhookCourier(store: store, secrets: secrets, transport: transport, logger: logger, now: now)
        administration = WebhookAdministration(
            store: store, secrets: secrets, courier: courier, catalog: catalog, reports: reports, now: now)
        let threshold = PatchHealthMonitor.Threshold(machines: configuration.failedMachines, share: configuration.failedShare)
        dispatcher = WebhookDispatcher(
            store: store, catalog: catalog, reports: reports, courier: courier,
            monitors: [
                PatchHealthMonitor(machines: machines, tiers: tiers, threshold: threshold),
                TokenExpiryMonitor(tokens: tokens, authTokens: authTokens),
            ], logger: logger, now: now)
    }

    /// Ends all connections.
    public func close() async { await transport.close() }
}
