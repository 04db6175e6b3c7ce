import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite
import LivepatchService
import Logging

/// What is looked at before a server starts, and with `--check-config` instead of a start. Changes nothing.
struct Preflight {
    /// Something that was found.
    enum Finding {
        case well(String)
        case warning(String)
        /// The server could not start.
        case fatal(LivepatchError)
    }

    /// How long a look through the database may take.
    private static let patience = Duration.seconds(5)
    private static let littleRoom: Int64 = 256 << 20

    let configuration: ServerConfiguration
    /// Reads the files of the server's own certificate.
    let encryption: () throws -> Void

    private var directory: DataDirectory {
        DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
    }

    /// Refuses a start that could not succeed, before anything is made or changed for it.
    /// - Throws: ``LivepatchError``, the first reason.
    func require() async throws {
        try encryption()
        if configuration.sync.isEnabled { _ = try await upstream() }
        try requireDirectories()
        // Whoever holds the directory explains a database that is busy and an address that is taken.
        guard !isInUse else { throw inUse }
        if let problem = try await databaseProblem() { throw problem }
        for door in configuration.doors { try await door.requireFree() }
    }

    /// Looks at everything.
    func findings() async -> [Finding] {
        var findings: [Finding] = []
        func look(_ body: () async throws -> [Finding]) async {
            do {
                findings += try await body()
            } catch let error as LivepatchError {
                findings.append(.fatal(error))
            } catch {
                findings.append(.fatal(LivepatchError(.internalFault, "Something could not be looked at.", cause: error)))
            }
        }
        await look {
            try requireDirectories()
            return try volumes()
        }
        let isInUse = isInUse
        if isInUse { findings.append(.warning("\(inUse.message) A second one could not start.")) }
        await look { try await database() }
        await look { keys() }
        await look {
            try encryption()
            return configuration.encryption == nil ? [] : [.well("The certificate and the key of TLS can be used.")]
        }
        if configuration.sync.isEnabled { await look { try await upstream() } }
        for door in configuration.doors { await look { try await address(of: door) } }
        return findings
    }

    // MARK: The parts

    private func requireDirectories() throws {
        try UsableDirectory.require(directory.path, with: ["livepatch.db", "server.lock", "keys", "trust"])
        try UsableDirectory.require(directory.patches, with: ["content", "staging", "incoming", "storage.lock"])
        try BackupRestoration.requireNoneInterrupted(in: directory)
    }

    private func volumes() throws -> [Finding] {
        let paths = directory.path == directory.patches ? [directory.path] : [directory.path, directory.patches]
        return try paths.map { path in
            let free = try Volume.condition(of: path, name: path).freeBytes
            let words = "The directory '\(path)' can be used, and \(free >> 20) MiB are free there."
            return free < Self.littleRoom ? .warning(words) : .well(words)
        }
    }

    private var isInUse: Bool { UsableDirectory.isLocked("\(directory.path)/server.lock") }

    private var inUse: LivepatchError {
        LivepatchError(
            .storageBusy, "Another livepatch-server is using the data directory '\(directory.path)'.",
            suggestion: "Stop it, or give this one another directory with --data-dir.")
    }

    private var hasDatabase: Bool { FileManager.default.fileExists(atPath: directory.database) }

    /// Why the server could not open its database; `nil` if it could.
    private func databaseProblem() async throws -> LivepatchError? {
        guard hasDatabase else { return nil }
        guard let damage = try await SQLiteDatabase.damage(of: directory.database, within: Self.patience),
            let first = damage.first
        else { return nil }
        return LivepatchError(
            .databaseUnavailable, "The database '\(directory.database)' is damaged (\(first)).",
            suggestion: "Restore a backup (`livepatch-server restore`); a downstream can also move the file away and sync again.")
    }

    private func database() async throws -> [Finding] {
        guard hasDatabase else { return [.well("There is no database yet; '\(directory.database)' will be made.")] }
        let forecast = try SchemaForecast(path: directory.database)
        if let problem = try await databaseProblem() { return [.fatal(problem)] }
        guard !forecast.upgrade.pending.isEmpty else { return [.well("The database is whole and up to date.")] }
        let names = forecast.upgrade.pending.map { "'\($0)'" }.joined(separator: ", ")
        return [
            .warning(
                "The database is whole. The server would take the migrations \(names), and keep a copy (`livepatch-server migrate`)."
            )
        ]
    }

    private func keys() -> [Finding] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.keys)) ?? []
        return names.sorted().compactMap { name in
            let path = "\(directory.keys)/\(name)"
            guard let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int,
                mode & 0o077 != 0
            else { return nil }
            return .warning("Others than its owner can use '\(path)', which holds a secret: run 'chmod go= \(path)'.")
        }
    }

    /// Makes what would connect, which reads the authority's file and the addresses, and asks nobody.
    private func upstream() async throws -> [Finding] {
        let upstream = try ConfiguredUpstream(configuration.sync, deployment: nil, logger: Logger(label: "livepatch.check"))
        await upstream.close()
        var findings: [Finding] = [.well("Patches would be synced from \(upstream.names).")]
        for address in upstream.addresses where address.hasPrefix("http://") {
            findings.append(.warning("The sync token would travel to \(address) in the clear: use https."))
        }
        return findings
    }

    private func address(of door: Door) async throws -> [Finding] {
        do {
            try await door.requireFree()
            return [.well("The server can listen on \(door.address).")]
        } catch let error as LivepatchError where error.code == .unavailable && error.message.contains("another program") {
            // That may be the server whose next settings these are.
            return [.warning(error.message)]
        }
    }
}
