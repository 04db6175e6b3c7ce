import Foundation
import Glibc
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit

/// A `livepatch-server` in a process of its own, on a port that the system chose.
struct RunningServer {
    /// `http://127.0.0.1:…`
    let address: String
    private let process: Process

    private static let password = "correct horse"
    /// That password, as bcrypt with the least cost.
    private static let passwordHash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"

    /// - Parameters:
    ///   - observer: a program that runs it and watches, with its arguments.
    ///   - settings: configuration keys and values.
    ///   - environment: more variables, for secrets.
    init(
        _ program: String, under observer: [String] = [], dataDirectory: String, settings: [String: String] = [:],
        environment: [String: String] = [:]
    ) async throws {
        let process = Process()
        let output = Pipe()
        let command = observer + [program]
        process.executableURL = URL(filePath: command[0])
        process.arguments =
            command.dropFirst() + [
                "--data-dir", dataDirectory, "--set", "server.server-address=127.0.0.1:0", "--set", "server.log-level=error",
                // What is measured is the server, not its patience.
                "--set", "server.rate-limit.machines=0", "--set", "server.rate-limit.downstreams=0",
            ] + settings.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        process.environment = ProcessInfo.processInfo.environment
            .merging(["LP_AUTH_BASIC_USERS": "bench:\(Self.passwordHash)"]) { $1 }.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        address = try await Self.address(output.fileHandleForReading, program)
    }

    /// A downstream of another server, told of every change.
    /// - Parameter token: a sync token of that server.
    init(_ program: String, dataDirectory: String, upstream: RunningServer, token: String) async throws {
        try await self.init(
            program, dataDirectory: dataDirectory,
            settings: [
                "patch-sync.enabled": "true", "patch-sync.upstream-url": upstream.address, "patch-sync.sync-tiers": "true",
                "patch-sync.interval": "24h",
            ],
            environment: ["LP_PATCH_SYNC_TOKEN": token])
    }

    /// An administrator who is logged in.
    func administrator() async throws -> AdminClient {
        let server = try ServerAddress(parsing: address)
        let session = try await AdminClient(server).login(user: "bench", password: Self.password).token
        return AdminClient(server, session: session)
    }

    /// The secret of a new sync token for the first tier.
    func issueToken(_ name: String) async throws -> String {
        let administrator = try await administrator()
        let secret = try await administrator.addSyncToken(tier: TierName(parsing: "edge"), name: name).secret
        await administrator.close()
        return secret
    }

    var processID: Int32 { process.processIdentifier }

    var port: Int { URL(string: address)?.port ?? 0 }

    /// Memory of the process that is in RAM.
    func residentBytes() throws -> Int64 {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The most memory that the process has had in RAM, in bytes.
    func peakBytes() throws -> Double { try PeakMemory.field("VmHWM:", of: "\(process.processIdentifier)") }

    /// Processor time that the process has used.
    func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        // After the name in parentheses, the 12th and 13th field (proc(5)).
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst().compactMap {
            Double($0)
        }
        return (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Waits for the line that says where the server is.
    private static func address(_ output: FileHandle, _ program: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        var text = ""
        while ContinuousClock.now < deadline {
            let bytes = output.availableData
            if bytes.isEmpty { break }
            text += String(decoding: bytes, as: UTF8.self)
            if let match = text.firstMatch(of: /ready on (https?:\/\/[^ \n]+)[ \n]/) { return String(match.1) }
        }
        throw LivepatchError(.serverUnreachable, "'\(program)' did not become ready: \(text)")
    }
}
