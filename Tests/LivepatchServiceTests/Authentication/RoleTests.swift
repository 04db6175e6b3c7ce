import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

/// What administrators with each role may do.
@Suite struct RoleTests {
    /// The decision for each route that changes something; every other route of administrators takes `read`. A new route has to be put
    /// here by somebody who has thought about it.
    private static let changing: [String: AdministratorRole] = [
        "POST /v1/admin/changes": .operate,
        "PUT /v1/admin/patch-files/{filename}": .operate,
        "POST /v1/admin/storage/refresh": .operate,
        "POST /v1/admin/storage/verify": .operate,
        "POST /v1/admin/storage/gc": .operate,
        "POST /v1/admin/storage/prefetch": .operate,
        "POST /v1/admin/sync": .operate,
        "POST /v1/admin/machine-forget": .operate,
        "POST /v1/admin/machines/{machine}/tags": .operate,
        "POST /v1/admin/sync-tokens": .admin,
        "DELETE /v1/admin/sync-tokens/{name}": .admin,
        "POST /v1/admin/sync-tokens/{name}/rotate": .admin,
        "POST /v1/admin/auth-token": .admin,
        "DELETE /v1/admin/auth-tokens/{id}": .admin,
        "POST /v1/admin/auth-tokens/{id}/move": .admin,
        "POST /v1/admin/trust/roots/{kind}": .admin,
        "POST /v1/admin/webhooks": .admin,
        "DELETE /v1/admin/webhooks/{id}": .admin,
        "POST /v1/admin/webhooks/{id}/test": .admin,
        "POST /v1/admin/webhooks/{id}/enable": .admin,
        "POST /v1/admin/webhook-deliveries/retry": .admin,
        "POST /v1/admin/kernels/coverage": .admin,
        "POST /v1/admin/backups": .admin,
        // One's own.
        "POST /v1/admin/logout": .read,
        "POST /v1/admin/session-revocations": .read,
    ]

    @Test func `every route of administrators takes the role that was decided for it`() async throws {
        let server = try await ServerUnderTest()
        var undecided = Set(Self.changing.keys)
        for route in ServerRoutes.routes(server.parts, server.options).table {
            guard route.template.hasPrefix("/v1/admin/"), route.template != Paths.login else {
                if case .administrators = route.entry { Issue.record("\(route.template) is not below /v1/admin") }
                continue
            }
            let name = "\(route.method) \(route.template)"
            undecided.remove(name)
            let isReading = route.method == .get || route.method == .head
            let decided = isReading ? .read : Self.changing[name]
            #expect(decided != nil, "nobody has decided who may do \(name)")
            #expect(route.entry == decided.map { .administrators($0) }, "\(name)")
        }
        #expect(undecided.isEmpty, "there are no such routes: \(undecided)")
    }

    @Test(arguments: AdministratorRole.allCases)
    func `each route refuses whoever has a lesser role, and only them`(role: AdministratorRole) async throws {
        let server = try await ServerUnderTest()
        let table = ServerRoutes.routes(server.parts, server.options).table
        let refused = try await server.application.test(.router) { client in
            var refused = 0
            for route in table {
                guard case .administrators(let needed) = route.entry else { continue }
                let path = route.template.replacing(/\{[a-z-]+\}/, with: "1")
                let response = try await client.send(route.method, path, token: try await server.session(role))
                if role.includes(needed) {
                    #expect(response.status != .forbidden && response.status != .unauthorized, "\(route)")
                } else {
                    refused += 1
                    #expect(response.status == .forbidden, "\(route)")
                    let problem = try #require(response.problem)
                    #expect(problem.code == "role-insufficient")
                    #expect(problem.detail.contains("'\(needed.rawValue)'") && problem.detail.contains("'\(role.rawValue)'"))
                }
            }
            return refused
        }
        #expect((refused > 0) == (role != .admin))
        #expect(server.log.lines.contains { $0.contains("authz_fail:role_") } == (refused > 0))
    }

    @Test func `a change takes the role of its command, even as a dry run`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let stable = try TierName(parsing: "stable")
        let version = try PatchVersion(parsing: "107.1")
        let operating: [TierCommand] = [
            .promote(version: version, tier: stable), .withdraw(version: version, tier: stable),
            .promoteAll(from: Shorthand.edge, to: stable), .block(version: version, reason: "r"),
            .unblock(version: version, reason: "r"),
        ]
        let administering: [TierCommand] = [
            .addTier(name: try TierName(parsing: "late"), position: .last), .renameTier(name: stable, newName: Shorthand.edge),
            .moveTier(name: stable, position: .before(tier: Shorthand.edge)), .removeTier(name: stable, force: true),
            .restore(snapshot: 1),
        ]
        try await server.application.test(.router) { client in
            let reader = try await server.session(.read)
            let worker = try await server.session(.operate)
            for command in operating + administering {
                for dryRun in [true, false] {
                    let body = ChangeRequestBody(command: command, dryRun: dryRun)
                    #expect(try await client.post(Paths.changes, body, token: reader).status == .forbidden, "\(command)")
                    if administering.contains(command) {
                        let refusal = try await client.post(Paths.changes, body, token: worker)
                        #expect(refusal.problem?.code == "role-insufficient", "\(command)")
                        #expect(refusal.problem?.detail.contains("'admin'") == true)
                    } else {
                        #expect(try await client.post(Paths.changes, body, token: worker).status == .ok, "\(command)")
                    }
                }
            }
        }
        #expect(try await server.catalog.tierState().state.tiers == TierState.defaultTiers)
    }

    @Test func `an undo takes the role that the reverse takes`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let stable = try TierName(parsing: "stable")
        let administration = server.parts.administration
        let addition = try await administration.carryOut(
            .addTier(name: try TierName(parsing: "late"), position: .last), by: "test")
        let promotion = try await administration.carryOut(
            .promote(version: try PatchVersion(parsing: "107.1"), tier: stable), by: "test")
        let promoted = try #require(promotion.change)
        let added = try #require(addition.change)
        try await server.application.test(.router) { client in
            let worker = try await server.session(.operate)
            func undo(_ change: Int64) async throws -> TestResponse {
                try await client.post(
                    Paths.changes, ChangeRequestBody(command: .undo(change: change), dryRun: false), token: worker)
            }
            #expect(try await undo(added).problem?.code == "role-insufficient")
            #expect(try await undo(promoted).status == .ok)
            #expect(try await undo(9999).problem?.code == "change-unknown")
        }
    }

    @Test func `a session and a login say the role, as it is now`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            for role in AdministratorRole.allCases {
                let session = try await client.send(.get, Paths.session, token: try await server.session(role))
                #expect(try session.decoded(SessionBody.self).role == role)
            }
        }
    }
}
