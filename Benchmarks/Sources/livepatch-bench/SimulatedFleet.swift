import Foundation
import GRDB
import LivepatchAPI
import LivepatchFiles
import LivepatchKit

/// Machines that are registered, and what each of them says when it checks in.
struct SimulatedFleet: Sendable {
    let count: Int
    /// What every machine says.
    private let report: String

    private static let kernel = "5.15.0-100.110"
    private static let version = PatchVersion(100, 1)

    /// The patch that fits all of them.
    static var fileName: PatchFileName {
        get throws { try PatchFileName(parsing: "livepatch-\(kernel)-generic-\(version)-amd64.tar.bz2") }
    }

    /// Of so many machines one has not reported yet that the patch is applied; the others report what they reported before.
    private static let changing = 10

    /// Registers machines in a data directory that no server has open, with a patch for all of them.
    init(_ count: Int, in path: String) async throws {
        self.count = count
        let stores = try Stores(at: path)
        var noise = Noise(seed: 5)
        try await stores.release([(name: try Self.fileName, bytes: noise.bytes(4_096))])
        _ = try await AuthTokenIssuer(tokens: stores.authTokens, now: { Date() })
            .add("fleet", tier: TierState.defaultTiers[0], by: "bench")
        try stores.close()
        let kernel = MachineKernel(
            version: try KernelVersion(parsing: Self.kernel), flavour: try Flavour(parsing: "generic"), architecture: .amd64)
        let before = MachineReport(kernel: kernel, patchState: .unapplied)
        let report = MachineReport(kernel: kernel, patchState: .applied, patchVersion: Self.version)
        self.report = String(decoding: try DocumentCoding.encode(report), as: UTF8.self)

        let key = try MachineKeyFile(in: DataDirectory(path).keys).keyOrNew().key
        let database = try DatabaseQueue(path: DataDirectory(path).database)
        let now = Int64(Date().timeIntervalSince1970)
        try await database.write { db in
            let token = try Int64.fetchOne(db, sql: "SELECT id FROM auth_token")
            let machine = try db.cachedStatement(
                sql: """
                    INSERT INTO machine (id, auth_token, attached, registered, last_seen, kernel, flavour, architecture,
                        patch_version, state, state_since, report)
                    VALUES (?1, ?2, 1, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?3, ?9)
                    """)
            let version = try Int64.fetchOne(db, sql: "SELECT id FROM version")
            let secret = try db.cachedStatement(
                sql: "INSERT INTO machine_token (hash, machine, auth_token, issued) VALUES (?, ?, ?, ?)")
            for index in 0..<count {
                let id = HashedMachineID(try MachineID(parsing: Self.id(index)), key: key)
                let said = index.isMultiple(of: Self.changing) ? before : report
                try machine.execute(
                    arguments: [
                        Data(id.digest.bytes), token, now, said.kernel.version.description, said.kernel.flavour.rawValue,
                        said.kernel.architecture.rawValue, said.patchVersion == nil ? nil : version, said.patchState.rawValue,
                        String(decoding: try DocumentCoding.encode(said), as: UTF8.self),
                    ])
                let hash = TokenSecret.hash(Self.secret(index))
                try secret.execute(arguments: [Data(hash.bytes), db.lastInsertedRowID, token, now])
            }
        }
        try database.close()
    }

    /// How many machines have reported, as it is written.
    static func reported(in path: String) async throws -> Int {
        let database = try DatabaseQueue(path: DataDirectory(path).database)
        let count = try await database.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM machine WHERE state = 'applied' AND patch_version IS NOT NULL")
        }
        try database.close()
        return count ?? 0
    }

    /// A machine's whole request.
    func checkIn(_ index: Int) -> [UInt8] {
        Array(
            "POST \(Self.path(index)) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(Self.secret(index))\r\nContent-Type: application/json\r\nContent-Length: \(report.utf8.count)\r\n\r\n\(report)"
                .utf8)
    }

    /// A script of wrk (Lua) that has all of them check in, one after the other.
    func script() -> String {
        """
        local index = 0
        function request()
            index = (index + 1) % \(count)
            local secret = string.format("%08x-0000-4000-8000-000000000000", index)
            return wrk.format("POST", string.format("/v1/client/machine-%07d/updates", index),
                { ["Authorization"] = "Bearer " .. secret, ["Content-Type"] = "application/json" }, [[\(report)]])
        end
        """
    }

    private static func id(_ index: Int) -> String { String(format: "machine-%07d", index) }
    private static func path(_ index: Int) -> String { "/v1/client/\(id(index))/updates" }
    private static func secret(_ index: Int) -> String { String(format: "%08x-0000-4000-8000-000000000000", index) }
}
