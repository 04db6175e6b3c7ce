import AsyncHTTPClient
import FoundationEssentials
import LivepatchKit

/// Which proxy leads to which server: `patch-sync.proxy.http`, `.https` and `.no-proxy`.
///
/// Every connection through a proxy is a tunnel made with `CONNECT` (RFC 9110, section 9.3.6), also for http.
public struct ProxyRules: Sendable {
    /// The proxy for http servers, and that for https servers.
    let http: Proxy?
    let https: Proxy?
    let exceptions: NoProxyList

    /// Every server is reached directly.
    public static let none = ProxyRules(http: Proxy?.none, https: nil, exceptions: NoProxyList([]))

    private init(http: Proxy?, https: Proxy?, exceptions: NoProxyList) {
        self.http = http
        self.https = https
        self.exceptions = exceptions
    }

    /// - Parameters:
    ///   - http: the URL of the proxy for http servers: `http://user:password@proxy.example.com:3128`; `nil` for none.
    ///   - https: the URL of the proxy for https servers; `nil` for none.
    ///   - noProxy: what is reached directly: names (`example.com`, its subdomains included), suffixes (`.example.com`), addresses,
    ///     networks (`10.0.0.0/8`, `fd00::/8`), each with a port if wanted (`example.com:8080`), or `*` for everything.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`; it repeats no password.
    public init(http: String?, https: String?, noProxy: [String] = []) throws {
        self.init(http: try http.map(Proxy.init), https: try https.map(Proxy.init), exceptions: NoProxyList(noProxy))
    }

    /// The proxy that leads to a server; `nil` if it is reached directly.
    func proxy(to origin: Origin) -> Proxy? {
        exceptions.covers(origin) ? nil : origin.isSecure ? https : http
    }
}

/// One HTTP proxy.
struct Proxy: Hashable, Sendable {
    let host: String
    let port: Int
    private let user: String?
    private let password: String

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`.
    init(_ url: String) throws {
        guard let components = URLComponents(string: url), let origin = Origin(components), !origin.isSecure,
            components.query == nil, components.fragment == nil, ["", "/"].contains(components.path)
        else {
            throw LivepatchError(
                .configurationInvalid, "The proxy's URL is not one of an HTTP proxy.",
                suggestion: "Write it like http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128.")
        }
        host = origin.host
        port = origin.port
        user = components.user
        password = components.password ?? ""
    }

    /// For messages, without credentials.
    var name: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    var configuration: HTTPClient.Configuration.Proxy {
        .server(
            host: host, port: port, authorization: user.map { .basic(username: $0, password: password) })
    }
}
