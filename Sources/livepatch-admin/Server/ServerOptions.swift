import ArgumentParser
import LivepatchConsole
import LivepatchHTTP
import LivepatchKit

/// The options that say which server is meant, and whom to trust about that.
struct ServerOptions: ParsableArguments {
    static let defaultURL = "http://localhost:8080"

    @Option(
        help: ArgumentHelp(
            "The server's URL (environment: LIVEPATCH_URL; default: \(defaultURL)).", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Certificates to trust besides the system's: a PEM file's path or the PEM text (environment: LIVEPATCH_CA_CRT).",
            valueName: "file-or-pem"))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "The HTTP proxy on the way, such as http://user:password@proxy:3128, or none (environment: HTTPS_PROXY, http_proxy, NO_PROXY).",
            valueName: "url"))
    var proxy: String?

    @Option(
        help: ArgumentHelp(
            "A file with a bearer token (JWT) to show instead of a session (environment: LIVEPATCH_BEARER, the token itself).",
            valueName: "file"))
    var bearerFile: String?

    /// The way to the server: what was said on the command line, or else what the environment says.
    func proxies(_ environment: [String: String]) throws -> ProxyRules {
        guard let proxy else { return try ProxyRules(environment: environment) }
        return proxy == "none" ? .none : try ProxyRules(http: proxy, https: proxy)
    }

    /// The URL that is in force.
    func url(_ environment: [String: String]) -> String {
        url ?? environment["LIVEPATCH_URL"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultURL
    }

    /// Connects, does something, and ends the connections.
    func connected(
        console: Console, needsLogin: Bool, takesBearer: Bool = true, _ body: (AdminContext) async throws -> Void
    ) async throws {
        let environment = console.environment
        let address = try ServerAddress(parsing: url(environment))
        let sessions = try SessionStore(environment: environment)
        let bearer = takesBearer ? try BearerText(file: bearerFile, environment)?.text : nil
        let token = try bearer ?? sessions.session(for: address.description, now: console.now())?.token
        if needsLogin, token == nil {
            throw LivepatchError(
                .loginRequired, "You are not logged in to \(address).",
                suggestion: "Run `livepatch-admin login` with --url \(address), or LIVEPATCH_URL set to it.")
        }
        var options = ConnectionOptions(proxies: try proxies(environment))
        if let authorities = ca ?? environment["LIVEPATCH_CA_CRT"].flatMap({ $0.isEmpty ? nil : $0 }) {
            options.authorities = try TrustedAuthorities(authorities)
        }
        let client = AdminClient(address, session: token, options: options)
        do {
            try await body(
                AdminContext(
                    server: client, address: address.description, console: console, sessions: sessions,
                    hasCredentials: token != nil))
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }
}

extension AdminClient: AdministeredServer {}
