public import LivepatchConfiguration
import LivepatchHTTP
public import Logging

/// Where a configuration has an identity provider publish its keys.
public struct ConfiguredKeySet: Sendable {
    private let client: KeySetClient

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`.
    public init(_ configuration: OAuthConfiguration, logger: Logger) throws {
        client = KeySetClient(
            configuration.keySetURL,
            authorities: try configuration.certificateAuthority.map(TrustedAuthorities.init(file:)) ?? .system, logger: logger)
    }

    /// The set of keys, as it is published.
    /// - Throws: ``LivepatchError`` with the code `server-unreachable`.
    public func fetch() async throws -> [UInt8] { try await client.fetch() }

    /// Ends all connections.
    public func close() async { await client.close() }
}
