import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchFiles
import LivepatchHTTP
import LivepatchKernel
import LivepatchKit

struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Attaches this machine to a server.",
        discussion: """
            The auth token is what `livepatch-admin auth-token` printed. `-` reads it from standard input, so that other users of the \
            machine cannot see it. The roots of the server's signed repositories are pinned: those that --trusted-root names, or else \
            those that the server tells now, over its TLS connection. What is not proven from them is never put into the kernel.

            The way to the server is settled here, too: the proxies of the options, or else of the environment that this command runs \
            in, and the authorities of --ca are kept for the service.

            A machine that is attached already is attached anew; the patch in its kernel stays.

            Examples:
              livepatch-agent enable TOKEN --server https://patches.example.com
              livepatch-agent enable - --server https://10.0.0.1:8443 --ca ca.pem <token
            """)

    @Argument(help: "The auth token, or - to read it from standard input.")
    var token: String

    @Option(help: ArgumentHelp("The server.", valueName: "url"))
    var server: String

    @Option(
        help: ArgumentHelp(
            "Certificates to trust besides the system's: a PEM file's path or the PEM text (environment: LIVEPATCH_CA_CRT).",
            valueName: "file-or-pem"))
    var ca: String?

    @Option(
        name: .customLong("trusted-root"),
        help: ArgumentHelp(
            "The fingerprint (SHA-256) of a root to pin, any number of times: 'livepatch-admin trust status' shows them.",
            valueName: "fingerprint"), transform: { try SHA256Digest(parsing: $0.lowercased()) })
    var trustedRoots: [SHA256Digest] = []

    @Option(
        help: ArgumentHelp(
            "A file with the certificate that every module has to be signed by, in PEM or DER.", valueName: "file"))
    var moduleCertificate: String?

    @Flag(help: "Believe a server that signs nothing. Whoever controls it, or the way to it, then controls this kernel.")
    var allowUnsigned = false

    @Option(
        help: ArgumentHelp("Take no patch that was released after this time (RFC 3339).", valueName: "time"),
        transform: { text in
            guard let date = Timestamp.date(text) else {
                throw ValidationError("'\(text)' is not a time like 2024-06-01T12:00:00Z.")
            }
            return date
        })
    var cutoffDate: Date?

    @Option(
        help: ArgumentHelp("Take no patch that was released less than this ago, such as 72h.", valueName: "duration"),
        transform: { try DurationText.parse($0) })
    var patchDelay: Duration?

    @Option(
        help: ArgumentHelp(
            "The proxy for an http server, or none (environment: http_proxy), such as http://user:password@proxy:3128.",
            valueName: "url"))
    var httpProxy: String?

    @Option(
        help: ArgumentHelp("The proxy for an https server, or none (environment: HTTPS_PROXY).", valueName: "url"))
    var httpsProxy: String?

    @Option(
        help: ArgumentHelp(
            "What is reached without a proxy, with commas between: names, suffixes (.example.com), addresses, networks (environment: NO_PROXY).",
            valueName: "names"))
    var noProxy: String?

    @OptionGroup var options: AgentOptions

    func run() async throws {
        let console = Console.standard()
        let directory = options.directory
        let address = try ServerAddress(parsing: server)
        let authorities = try Self.authorities(ca, console.environment)
        if ClearText.isUsed(by: address.description) {
            console.warn(
                "Tokens and patches travel to \(address) unencrypted, at every check-in. Use https where others share the network."
            )
        }
        let proxies = EnvironmentProxies(console.environment)
        let certificate = try moduleCertificate.map { try Self.file($0, "module certificate's file") }
        if let certificate { _ = try SigningCertificate(certificate, source: "'\(moduleCertificate ?? "")'") }
        let machine = try options.machineID()
        let kernel = try options.kernel()
        let running = try await kernel.running()
        for obstacle in await kernel.obstacles() { console.warn(obstacle.description) }
        try directory.make()
        let secret = token == "-" ? try SecretInput(console: console).readStandardInput() : token

        var attachment = MachineAttachment(
            server: address.description, machine: machine, deployment: try DeploymentID(parsing: "unknown"),
            tier: try TierName(parsing: "unknown"), enabled: console.now(), trustedRoots: trustedRoots,
            wishes: MachineWishes(cutoffDate: cutoffDate, patchDelaySeconds: patchDelay?.components.seconds),
            httpProxy: Self.proxy(httpProxy, proxies.http), httpsProxy: Self.proxy(httpsProxy, proxies.https),
            noProxy: noProxy?.split(separator: ",").map { $0.filter { !$0.isWhitespace } } ?? proxies.exceptions)
        let connection = try ConnectionOptions(attachment, authorities: authorities)
        let logger = options.logger(on: console)
        let registered = try await MachineClient.register(machine, at: address, with: secret, options: connection, logger: logger)
        attachment.deployment = registered.deployment
        attachment.tier = registered.tier
        if trustedRoots.isEmpty { attachment.trustedRoots = registered.trustedRoots.map(\.fingerprint) }
        attachment.allowsUnsigned = attachment.trustedRoots.isEmpty && allowUnsigned
        if attachment.trustedRoots.isEmpty, !allowUnsigned {
            let client = try MachineClient(
                address, machine: machine, token: registered.machineToken, options: connection, logger: logger)
            try? await client.goodbye()
            await client.close()
            throw LivepatchError(
                .upstreamUntrusted,
                "The server \(address) signs nothing, so nothing that it offers could be proven; the machine was not attached.",
                suggestion:
                    "Name the roots with --trusted-root if you know them. --allow-unsigned attaches it all the same: then whoever controls the server, or the way to it, controls this kernel."
            )
        }
        try await directory.roundLock().withExclusive {
            try await directory.attach(
                attachment, token: registered.machineToken, authorities: authorities, moduleCertificate: certificate)
        }
        try console.print("Attached to \(address), tier \(attachment.tier), as machine \(machine).")
        try console.print("The running kernel is \(running.kernel).")
        if attachment.allowsUnsigned { console.warn("Nothing that the server offers is proven.") }
        if trustedRoots.isEmpty, !attachment.trustedRoots.isEmpty {
            for root in registered.trustedRoots {
                console.note("Pinned the \(root.kind.rawValue) root of \(root.signer): \(root.fingerprint)")
            }
            if !server.lowercased().hasPrefix("https") {
                console.warn(
                    "The roots came over a connection without TLS. Compare them with 'livepatch-admin trust status' on the server."
                )
            }
        }
        console.note("Start the service to have it patched: systemctl enable --now livepatch-agent")
    }

    /// What the command line says, or else the environment.
    private static func proxy(_ option: String?, _ environment: String?) -> String? {
        option == "none" ? nil : option ?? environment
    }

    /// Certificates in PEM, from a file or as they are.
    private static func authorities(_ option: String?, _ environment: [String: String]) throws -> [UInt8]? {
        guard let text = option ?? environment["LIVEPATCH_CA_CRT"].flatMap({ $0.isEmpty ? nil : $0 }) else { return nil }
        if text.drop(while: \.isWhitespace).hasPrefix("-----BEGIN") { return Array(text.utf8) }
        return try file(text, "certificate authority's file")
    }

    private static func file(_ path: String, _ what: String) throws -> [UInt8] {
        do { return Array(try Data(contentsOf: URL(filePath: path))) } catch {
            throw LivepatchError(
                .notFound, "The \(what) '\(path)' cannot be read.", suggestion: "Name a readable file.", cause: error)
        }
    }
}
