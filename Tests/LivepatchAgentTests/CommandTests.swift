import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchFiles
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import ScriptedServer
import Testing

@testable import livepatch_agent

/// Runs a command with these words.
/// - Returns: the code of the error that it ends with; `nil` for success.
private func run(_ words: [String]) async throws -> LivepatchError.Code? {
    var command = try LivepatchAgent.parseAsRoot(words)
    guard var asynchronous = command as? any AsyncParsableCommand else {
        try command.run()
        return nil
    }
    do {
        try await asynchronous.run()
        return nil
    } catch let error as LivepatchError {
        return error.code
    }
}

@Suite struct `The agent's commands` {
    private func enable(_ server: AttachedServer, _ more: [String] = []) async throws -> LivepatchError.Code? {
        try await run(["enable", AttachedServer.authToken, "--server", server.server.url] + server.options + more)
    }

    @Test func `attach a machine, look, ask and detach it`() async throws {
        try await withServer { server async throws in
            let file = try await server.bench.release("107.1")
            #expect(try await run(["status"] + server.options) == .agentNotEnabled)
            #expect(try await enable(server) == nil)
            let directory = MachineDirectory(server.state)
            let attachment = try #require(try await directory.attachment())
            #expect(attachment.trustedRoots.count == 2 && !attachment.allowsUnsigned)
            #expect(attachment.tier.description == "edge" && attachment.deployment.description == "origin")
            #expect(try await directory.token() == AttachedServer.machineToken)
            for format in ["humane", "json", "yaml"] {
                #expect(try await run(["status", "--format", format] + server.options) == nil)
            }
            #expect(try await run(["refresh", "--dry-run"] + server.options) == nil)
            // It was verified and fetched, and nothing is remembered of it.
            #expect(try await DirectoryPatchStorage(at: server.state).length(of: file.digest) == file.length)
            #expect(try await directory.memory() == AgentMemory())
            // A directory is no kernel, so that it goes no further than that.
            #expect(try await run(["refresh"] + server.options) == .permissionMissing)
            #expect(try await directory.memory().state == .unapplied)
            #expect(try await run(["disable"] + server.options) == nil)
            #expect(server.server.requests.last?.method == "DELETE")
            #expect(try await directory.attachment() == nil)
            #expect(try await run(["refresh"] + server.options) == .agentNotEnabled)
            #expect(try await run(["run"] + server.options) == .agentNotEnabled)
        }
    }

    @Test func `a refused auth token attaches nothing`() async throws {
        try await withServer { server async throws in
            let code = try await run(["enable", "wrong", "--server", server.server.url] + server.options)
            #expect(code == .tokenRefused)
            #expect(try await MachineDirectory(server.state).attachment() == nil)
        }
    }

    @Test func `a server that signs nothing is refused, and told so`() async throws {
        try await withServer(signs: false) { server async throws in
            #expect(try await enable(server) == .upstreamUntrusted)
            #expect(server.server.requests.last?.method == "DELETE")
            #expect(try await MachineDirectory(server.state).attachment() == nil)
            #expect(try await enable(server, ["--allow-unsigned"]) == nil)
            #expect(try await MachineDirectory(server.state).attachment()?.allowsUnsigned == true)
        }
    }

    @Test func `named roots go before told ones, and forbid what is unsigned`() async throws {
        try await withServer(signs: false) { server async throws in
            try await server.bench.release("107.1")
            #expect(try await enable(server, ["--trusted-root", "\(Bench.stranger)", "--allow-unsigned"]) == nil)
            let attachment = try #require(try await MachineDirectory(server.state).attachment())
            #expect(attachment.trustedRoots == [Bench.stranger] && !attachment.allowsUnsigned)
            #expect(try await run(["refresh"] + server.options) == .upstreamUntrusted)
        }
    }

    @Test func `wishes, proxies and certificates are kept`() async throws {
        try await withServer { server async throws in
            try server.write("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", to: "bad.pem")
            #expect(try await enable(server, ["--module-certificate", "\(server.root)/bad.pem"]) == .configurationInvalid)
            #expect(try await enable(server, ["--ca", "\(server.root)/bad.pem"]) == .configurationInvalid)
            #expect(try await enable(server, ["--ca", "\(server.root)/missing.pem"]) == .notFound)
            #expect(try await enable(server, ["--http-proxy", "ftp://proxy"]) == .configurationInvalid)
            #expect(try await MachineDirectory(server.state).attachment() == nil)
            let more = ["--cutoff-date", "2030-01-01T00:00:00Z", "--patch-delay", "72h", "--no-proxy", "a.example, b.example"]
            #expect(try await enable(server, more) == nil)
            let attachment = try #require(try await MachineDirectory(server.state).attachment())
            #expect(attachment.wishes.patchDelaySeconds == 259_200)
            #expect(attachment.wishes.cutoffDate == Timestamp.date("2030-01-01T00:00:00Z"))
            #expect(attachment.noProxy == ["a.example", "b.example"])
        }
    }

    @Test(arguments: [
        ["enable"], ["enable", "TOKEN"], ["enable", "TOKEN", "--server", "http://a", "--patch-delay", "soon"],
        ["enable", "TOKEN", "--server", "http://a", "--cutoff-date", "tomorrow"],
        ["enable", "TOKEN", "--server", "http://a", "--trusted-root", "abc"], ["status", "--format", "xml"],
        ["refresh", "--fast"],
    ])
    func `a mistake on the command line is one`(words: [String]) {
        #expect(throws: (any Error).self) { try LivepatchAgent.parseAsRoot(words) }
    }

    @Test func `a kernel without patches, and a machine without an id, are not attached`() async throws {
        try await withServer { server async throws in
            try server.write("6.18.44\n", to: "proc/sys/kernel/osrelease")
            #expect(try await enable(server) == .kernelUnrecognized)
            try server.write("5.15.0-107-generic\n", to: "proc/sys/kernel/osrelease")
            try server.write("uninitialized\n", to: "etc/machine-id")
            #expect(try await enable(server) == .machineUnidentified)
            #expect(server.server.requests.isEmpty)
        }
    }

    @Test func `a copied state is noticed`() async throws {
        try await withServer { server async throws in
            #expect(try await enable(server) == nil)
            try server.write("b08dfa6083e7567a1921a715000001ff\n", to: "etc/machine-id")
            #expect(try await run(["refresh"] + server.options) == .machineMismatch)
        }
    }

    @Test func `a refresh ends with what went wrong`() async throws {
        try await withServer { server async throws in
            #expect(try await enable(server) == nil)
            // No patch is no error.
            #expect(try await run(["refresh"] + server.options) == nil)
            try await server.bench.release("107.1", fault: .notLivepatch)
            #expect(try await run(["refresh"] + server.options) == .patchNotLivepatch)
            server.spoil { request, answer in request.path.hasSuffix("updates") ? .status(503) : answer }
            #expect(try await run(["refresh"] + server.options) == .unavailable)
            server.spoil { _, _ in .status(401) }
            #expect(try await run(["refresh"] + server.options) == .tokenRefused)
            // It can be left all the same.
            #expect(try await run(["disable"] + server.options) == nil)
        }
    }

    @Test func `the service is there once`() async throws {
        try await withServer { server async throws in
            #expect(try await enable(server) == nil)
            let directory = MachineDirectory(server.state)
            let held: Void? = try await directory.serviceLock().tryExclusive { () async throws in
                #expect(try await run(["run"] + server.options) == .storageBusy)
            }
            #expect(held != nil)
        }
    }
}

@Suite struct `The agent's help` {
    static let commands: [any ParsableCommand.Type] = [LivepatchAgent.self] + LivepatchAgent.configuration.subcommands

    @Test func `every command says what it does, with examples that can be read`() throws {
        #expect(Self.commands.count == 6)
        for type in Self.commands {
            let configuration = type.configuration
            #expect(configuration.abstract.hasSuffix("."))
            let lines = configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  livepatch-agent ") }
            #expect(!lines.isEmpty)
            for line in lines {
                #expect(line.count <= 79, "\(line)")
                let words = line.split(separator: " ").map(String.init).dropFirst().prefix { !$0.hasPrefix("<") }
                #expect(throws: Never.self, "\(line)") { _ = try LivepatchAgent.parseAsRoot(Array(words)) }
            }
        }
    }

    @Test func `no line is wider than a terminal`() {
        for type in Self.commands {
            for line in type.helpMessage(columns: 80).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }
    }
}
