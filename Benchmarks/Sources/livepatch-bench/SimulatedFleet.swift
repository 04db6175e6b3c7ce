import Foundation
import GRDB
import LivepatchAPI
import LivepatchFiles
import LivepatchKit

/// Machines that are registered, and what each of them says when it checks in.
struct SimulatedFleet: Sendable {
    let count: Int
    /// What every machine says, but for its times.
    private let report: ReportPieces

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
        self.report = try ReportPieces(report)

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

    /// A machine's whole request, now.
    func checkIn(_ index: Int) -> [UInt8] {
        let report = report.text(at: Date(), uptime: Self.uptime(index))
        return Array(
            "POST \(Self.path(index)) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(Self.secret(index))\r\nContent-Type: application/json\r\nContent-Length: \(report.utf8.count)\r\n\r\n\(report)"
                .utf8)
    }

    /// A script of wrk (Lua) that has all of them check in, one after the other.
    func script() -> String {
        """
        local index, second, now = 0, 0, ""
        local form = "!%Y-%m-%dT%H:%M:%SZ"
        function request()
            index = (index + 1) % \(count)
            local time, uptime = os.time(), \(Self.uptime(0)) + index
            if time ~= second then second, now = time, os.date(form, time) end
            local secret = string.format("%08x-0000-4000-8000-000000000000", index)
            return wrk.format("POST", string.format("/v1/client/machine-%07d/updates", index),
                { ["Authorization"] = "Bearer " .. secret, ["Content-Type"] = "application/json" },
                [[\(report.pieces[0])]] .. os.date(form, time - uptime) .. [[\(report.pieces[1])]] .. now .. [[\(report.pieces[2])]] .. uptime .. [[\(report.pieces[3])]])
        end
        """
    }

    /// How long a machine has been running, in seconds.
    private static func uptime(_ index: Int) -> Int { 86_400 + index }

    private static func id(_ index: Int) -> String { String(format: "machine-%07d", index) }
    private static func path(_ index: Int) -> String { "/v1/client/\(id(index))/updates" }
    private static func secret(_ index: Int) -> String { String(format: "%08x-0000-4000-8000-000000000000", index) }
}

/// A report as JSON, in which the times are to be filled in.
struct ReportPieces: Sendable {
    /// What stands before, between and behind the times: when the machine booted, what time it is, and how long it has been running.
    let pieces: [String]

    init(_ report: MachineReport) throws {
        var report = report
        report.cpuModel = "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz"
        report.codename = "jammy"
        report.clientVersion = "livepatch-agent/\(Release.version)"
        report.kernelBuildDate = Date(timeIntervalSince1970: 1_700_000_000)
        (report.bootTime, report.time, report.uptimeSeconds) = (Date(timeIntervalSince1970: 1), Date(timeIntervalSince1970: 2), 3)
        let json = String(decoding: try DocumentCoding.encode(report), as: UTF8.self)
        var rest = json[...]
        var pieces: [String] = []
        for mark in ["1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z", "3}"] {
            guard let range = rest.range(of: mark) else {
                throw LivepatchError(.internalFault, "A report has other members than was expected: \(json)")
            }
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        self.pieces = pieces + ["}"]
    }

    /// - Parameter uptime: in seconds.
    func text(at time: Date, uptime: Int) -> String {
        let booted = time.addingTimeInterval(-Double(uptime))
        return "\(pieces[0])\(Timestamp.text(booted))\(pieces[1])\(Timestamp.text(time))\(pieces[2])\(uptime)\(pieces[3])"
    }
}
