import FoundationEssentials

/// Whether secrets would travel where others can read them.
public enum ClearText {
    /// Whether a server's URL is plain http to another machine.
    public static func isUsed(by url: String) -> Bool {
        guard let components = URLComponents(string: url), components.scheme?.lowercased() == "http" else { return false }
        return !isLoopback(components.host ?? "")
    }

    /// Whether a host, as it stands in a URL, is this machine.
    public static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if ["localhost", "::1", "[::1]"].contains(host) || host.hasSuffix(".localhost") { return true }
        return host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil
    }
}
