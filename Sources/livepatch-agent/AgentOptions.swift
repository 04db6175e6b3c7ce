import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchArchive
import LivepatchConsole
import LivepatchFiles
import LivepatchHTTP
import LivepatchKernel
import LivepatchKit
import LivepatchLogging
import Logging

/// The options of every command: where the agent's state is, and how much is said.
struct AgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory of the agent's state.", valueName: "dir"))
    var stateDir = MachineDirectory.usual

    @Option(
        help: ArgumentHelp(
            "The directory below which /proc, /sys and /etc are looked for. The running kernel is never changed then.",
            valueName: "dir", visibility: .hidden))
    var root: String?

    @Flag(name: .shortAndLong, help: "Say what is done, step by step.")
    var verbose = false

    var directory: MachineDirectory { MachineDirectory(stateDir) }

    /// Warnings and errors, or with `--verbose` everything.
    func logger(on console: Console, level: Logger.Level = .warning) -> Logger {
        let level: Logger.Level = verbose ? .debug : level
        // What the agent knows of secrets is in its directory, and learnt on the way: their shapes have to do.
        return Logger(label: "livepatch-agent") { _ in
            RedactingLogHandler(SpokenLog(logLevel: level) { console.note($0) }, SecretRedactor())
        }
    }

    /// The kernel of this machine, or of a directory that looks like one.
    func kernel() throws -> LinuxKernel {
        guard let root else { return LinuxKernel() }
        return try LinuxKernel(lookingInto: root)
    }

    func machineID() throws -> MachineID { try LocalMachine.id(root: root ?? "") }

    /// How this machine is attached.
    /// - Throws: ``LivepatchError`` with the code `agent-not-enabled`.
    func attachment() async throws -> MachineAttachment {
        guard let attachment = try await directory.attachment() else {
            throw LivepatchError(
                .agentNotEnabled, "This machine is not attached to a server ('\(stateDir)').",
                suggestion:
                    "Ask the server's administrator for an auth token, and run 'livepatch-agent enable TOKEN --server URL'.")
        }
        return attachment
    }
}

/// An agent that is attached, built out of its parts.
struct AttachedAgent {
    let agent: MachineAgent
    let client: MachineClient

    init(_ options: AgentOptions, logger: Logger) async throws {
        let directory = options.directory
        let attachment = try await options.attachment()
        guard let token = try await directory.token() else {
            throw LivepatchError(
                .agentNotEnabled, "The machine token is missing in '\(directory.path)'.",
                suggestion: "Attach the machine anew with 'livepatch-agent enable'.")
        }
        guard try options.machineID() == attachment.machine else {
            throw LivepatchError(
                .machineMismatch, "This machine's id is not the one that it was attached with.",
                suggestion:
                    "The disk was copied from another machine, or /etc/machine-id was made anew: run 'livepatch-agent enable' here."
            )
        }
        let now: @Sendable () -> Date = { Date() }
        client = try MachineClient(
            ServerAddress(parsing: attachment.server), machine: attachment.machine, token: token,
            options: try await ConnectionOptions(attachment, authorities: directory.authorities()), logger: logger)
        let storage = try DirectoryPatchStorage(at: directory.path, lanes: 1)
        let settings = Transfers.Settings(
            concurrency: 1, retry: RetryPolicy(attempts: 4), bandwidth: BandwidthLimiter(bytesPerSecond: nil), unreachableLimit: 4
        )
        let certificate = try await directory.moduleCertificate().map {
            try SigningCertificate($0, source: "'\(directory.path)/module.pem'")
        }
        agent = MachineAgent(
            MachineAgent.Resources(
                kernel: try options.kernel(), server: client,
                verification: OfferVerification(
                    client.view, trust: DirectoryTrustStorage(at: directory.trust), roots: Set(attachment.trustedRoots),
                    allowsUnsigned: attachment.allowsUnsigned, now: now),
                memory: directory, lock: try directory.roundLock(), storage: storage,
                transfers: Transfers(upstream: client.view, storage: storage, settings: settings), archive: TarballReader(),
                checkModule: { module in if let certificate { try ModuleSignature.verify(module, by: certificate) } },
                wishes: attachment.wishes, clientVersion: "livepatch-agent/\(Release.version)", now: now, logger: logger))
    }

    /// Runs a body with an agent, and ends its connections whatever happens.
    static func with<Value>(
        _ options: AgentOptions, logger: Logger, _ body: (AttachedAgent) async throws -> Value
    ) async throws -> Value {
        let attached = try await AttachedAgent(options, logger: logger)
        do {
            let value = try await body(attached)
            await attached.client.close()
            return value
        } catch {
            await attached.client.close()
            throw error
        }
    }
}

extension ConnectionOptions {
    /// How an attachment reaches its server.
    init(_ attachment: MachineAttachment, authorities: [UInt8]?) throws {
        self.init(
            authorities: try authorities.map { try TrustedAuthorities(String(decoding: $0, as: UTF8.self)) } ?? .system,
            proxies: try ProxyRules(http: attachment.httpProxy, https: attachment.httpsProxy, noProxy: attachment.noProxy))
    }
}
