import Foundation

/// A `livepatch-server` on a loopback port that the system chose.
public final class RunningServer: Sendable {
    /// The administrator that every one of them has.
    public static let administrator = (user: "admin", password: "correct horse")
    /// That password, as bcrypt with the least cost.
    public static let passwordHash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"

    public let process: ChildProcess
    /// Without a `/` at its end.
    public let url: String
    public let port: Int
    public let dataDirectory: String
    /// Where content and staging area are.
    public let storageDirectory: String
    let surroundings: Surroundings

    private init(
        process: ChildProcess, url: String, port: Int, dataDirectory: String, storageDirectory: String, surroundings: Surroundings
    ) {
        self.process = process
        self.url = url
        self.port = port
        self.dataDirectory = dataDirectory
        self.storageDirectory = storageDirectory
        self.surroundings = surroundings
    }

    /// What it has printed and logged so far.
    public var log: String { process.output.text + process.errors.text }

    /// Tells it to stop, and waits for that.
    @discardableResult public func stop(within limit: Duration = .seconds(60)) async throws -> ChildProcess.Ending {
        process.signal(SIGTERM)
        return try await process.end(within: limit)
    }

    fileprivate static func start(
        _ process: ChildProcess, _ dataDirectory: String, storage: String?, _ surroundings: Surroundings
    ) async throws -> RunningServer {
        var address: (url: String, port: Int)?
        try await eventually("\(dataDirectory) is ready; it said:\n\(process.output.text)\(process.errors.text)") {
            if let ending = process.ending {
                try await process.end()
                throw CommandFailed(
                    description: "The server ended with \(ending).\n\(process.output.text)\(process.errors.text)")
            }
            let match = process.output.text.firstMatch(of: /is ready on (https?:\/\/[^\s\/]+:([0-9]+))/)
            address = match.flatMap { match in Int(match.2).map { (String(match.1), $0) } }
            return address != nil
        }
        guard let address else { throw DeadlinePassed("The server's port is unknown.") }
        return RunningServer(
            process: process, url: address.url, port: address.port, dataDirectory: dataDirectory,
            storageDirectory: storage ?? dataDirectory, surroundings: surroundings)
    }
}

extension Surroundings {
    /// The command line of a server on a free port.
    public func serverArguments(_ name: String, _ settings: [String: String] = [:]) -> [String] {
        let all = ["server.server-address": "127.0.0.1:0"].merging(settings) { $1 }
        return ["--data-dir", path(name)] + all.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    }

    /// The environment of a server with ``RunningServer/administrator``.
    public func serverEnvironment(_ more: [String: String] = [:]) -> [String: String] {
        ["LP_AUTH_BASIC_USERS": "\(RunningServer.administrator.user):\(RunningServer.passwordHash)"].merging(more) { $1 }
    }

    /// Starts a server, and waits until it is ready.
    /// - Parameters:
    ///   - name: of its data directory, in these surroundings.
    ///   - settings: configuration keys and values, for the command line.
    ///   - environment: more variables, for secrets.
    ///   - wrapper: a command that becomes the server.
    public func server(
        _ name: String, _ settings: [String: String] = [:], environment: [String: String] = [:], wrapper: [String] = []
    ) async throws -> RunningServer {
        let process = try start(
            .server, serverArguments(name, settings), environment: serverEnvironment(environment), wrapper: wrapper)
        return try await RunningServer.start(
            process, path(name), storage: settings["patch-storage.filesystem-path"], self)
    }

    /// Starts a server below another one. It syncs when it is told to: it does not listen to its upstream unless the settings say so.
    /// - Parameter wrapper: a command that becomes the server.
    public func downstream(
        _ name: String, of upstream: String, token: String, _ settings: [String: String] = [:], wrapper: [String] = []
    ) async throws -> RunningServer {
        let sync = [
            "patch-sync.enabled": "true", "patch-sync.upstream-url": upstream, "patch-sync.push.enabled": "false",
        ]
        return try await server(
            name, sync.merging(settings) { $1 }, environment: ["LP_PATCH_SYNC_TOKEN": token], wrapper: wrapper)
    }
}
