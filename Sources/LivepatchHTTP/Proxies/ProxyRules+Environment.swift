extension ProxyRules {
    /// The proxies that an environment names, as most programs read it: `HTTPS_PROXY` for https servers, `http_proxy` for http servers,
    /// `ALL_PROXY` for those that have none of their own, and in `NO_PROXY` what is reached directly, with commas between. Lower case
    /// outranks upper case, and `HTTP_PROXY` is not read, which a web server sets to what its client says.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`; it repeats no password.
    public init(environment: [String: String]) throws {
        let found = EnvironmentProxies(environment)
        try self.init(http: found.http, https: found.https, noProxy: found.exceptions)
    }
}

/// What an environment says of proxies, not checked yet.
public struct EnvironmentProxies: Hashable, Sendable {
    /// URLs, which may hold a user and a password.
    public let http: String?
    public let https: String?
    public let exceptions: [String]

    public init(_ environment: [String: String]) {
        func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
        /// Many write the proxy without its scheme.
        func url(_ text: String?) -> String? { text.map { $0.contains("://") ? $0 : "http://\($0)" } }
        let all = value("all_proxy", "ALL_PROXY")
        http = url(value("http_proxy") ?? all)
        https = url(value("https_proxy", "HTTPS_PROXY") ?? all)
        exceptions = value("no_proxy", "NO_PROXY")?.split(separator: ",").map(String.init) ?? []
    }
}
