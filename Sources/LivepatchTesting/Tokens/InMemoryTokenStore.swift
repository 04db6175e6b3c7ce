public import FoundationEssentials
public import LivepatchKit

/// The sync tokens in an ``InMemoryDatabase``.
public struct InMemoryTokenStore: TokenStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    public func syncTokens() async throws -> [SyncToken] {
        // Tokens are kept in the order in which they came, and a sort keeps that among equals only by luck.
        try database.read { tables in
            tables.tokens.enumerated().sorted { left, right in
                (left.element.name, left.element.created, left.offset) < (right.element.name, right.element.created, right.offset)
            }.map(\.element)
        }
    }

    public func syncTokenAndRevision(hash: SHA256Digest) async throws -> (token: SyncToken?, revision: CatalogRevision) {
        try database.read { tables in
            (token: tables.tokens.first { $0.secrets.contains { $0.hash == hash } }, revision: tables.revision)
        }
    }

    public func add(_ token: SyncToken, entry: ChangeEntry) async throws {
        try database.write { tables in
            guard tables.tiers.tiers.contains(token.tier) else {
                throw LivepatchError.tierUnknown(token.tier, among: tables.tiers.tiers)
            }
            guard token.revoked != nil || tables.unrevoked(token.name) == nil else {
                throw LivepatchError.tokenExists(token.name)
            }
            tables.tokens.append(token.stored)
            tables.record(entry, change: entry.change)
        }
    }

    public func update(
        _ name: String, entry: ChangeEntry, _ change: @Sendable (inout SyncToken) throws -> Void
    ) async throws -> SyncToken {
        try database.write { tables in
            guard let index = tables.unrevoked(name) else { throw LivepatchError.tokenUnknown(name) }
            let before = tables.tokens[index]
            var after = before
            try change(&after)
            after = after.stored
            if after.tier != before.tier {
                guard tables.tiers.tiers.contains(after.tier) else {
                    throw LivepatchError.tierUnknown(after.tier, among: tables.tiers.tiers)
                }
            }
            if after.name != before.name, after.revoked == nil, tables.unrevoked(after.name) != nil {
                throw LivepatchError.tokenExists(after.name)
            }
            tables.tokens[index] = after
            if after.opensOtherwise(than: before) { tables.increaseRevision() }
            tables.record(entry, change: entry.change)
            return after
        }
    }

    public func noteUse(hash: SHA256Digest, time: Date, deployment: DeploymentID?) async throws {
        try database.write { tables in
            guard let index = tables.tokens.firstIndex(where: { $0.secrets.contains { $0.hash == hash } }),
                let noted = tables.tokens[index].noting(use: time, by: deployment)
            else { return }
            tables.tokens[index] = noted
        }
    }
}
