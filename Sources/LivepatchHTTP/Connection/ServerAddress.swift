import FoundationEssentials
import LivepatchAPI
import LivepatchKit

/// Where a server is: `https://patches.example.com`, `http://10.0.0.1:8080`, `https://example.com/livepatch`.
///
/// It never holds credentials, so that it can be printed.
public struct ServerAddress: Hashable, Sendable {
    let origin: Origin
    private let text: String

    /// Reads an http or https URL, without credentials, query and fragment. A path is kept: the server's own paths follow it.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`; the text is not repeated where it may hold a secret.
    public init(parsing text: String) throws {
        func refuse(_ reason: String) -> LivepatchError {
            LivepatchError(
                .malformedValue, reason,
                suggestion: "Write a server's URL like https://patches.example.com or http://10.0.0.1:8080.")
        }
        guard !text.contains("@") else { throw refuse("A server's URL must not hold a user or a password.") }
        guard let components = URLComponents(string: text) else { throw refuse("'\(text)' is not a URL.") }
        guard let origin = Origin(components) else { throw refuse("'\(text)' is not an http or https URL with a host.") }
        guard components.query == nil, components.fragment == nil else {
            throw refuse("'\(text)' has a query or a fragment, which a server's URL cannot have.")
        }
        self.origin = origin
        let path = components.percentEncodedPath
        self.text = origin.description + path.prefix(path.utf8.count - path.reversed().prefix { $0 == "/" }.count)
    }

    /// The URL of one of the server's paths.
    /// - Parameter query: names and values, in order; they are percent-encoded here, `+` too, which some servers read as a space.
    func url(_ path: String, query: [(name: String, value: String)] = []) -> String {
        guard !query.isEmpty else { return text + path }
        let pairs = query.map { "\(Paths.segment($0.name))=\(Paths.segment($0.value))".replacing("+", with: "%2B") }
        return "\(text)\(path)?\(pairs.joined(separator: "&"))"
    }
}

extension ServerAddress: CustomStringConvertible {
    /// The URL without a `/` at its end.
    public var description: String { text }
}

/// Scheme, host and port: what decides whom a secret may be sent to (RFC 6454, section 4).
struct Origin: Hashable, Sendable, CustomStringConvertible {
    let isSecure: Bool
    /// Lower case; an IPv6 address without brackets.
    let host: String
    let port: Int

    /// `nil` for other schemes than http and https, and without a host.
    init?(_ components: URLComponents) {
        switch components.scheme?.lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        guard var host = components.host?.lowercased(), !host.isEmpty else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        // What was percent-encoded to get here is in no host's name (RFC 1123, section 2.1), and could not be written again.
        let foreign = "\"#%/<>?@[\\]^`{|}\u{7F}".unicodeScalars
        guard host.unicodeScalars.allSatisfy({ $0 > " " && !foreign.contains($0) }) else { return nil }
        self.host = host
        let port = components.port ?? (isSecure ? 443 : 80)
        guard (1...65535).contains(port) else { return nil }
        self.port = port
    }

    init?(url: String) {
        guard let components = URLComponents(string: url) else { return nil }
        self.init(components)
    }

    var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80)
            ? "\(isSecure ? "https" : "http")://\(host)" : "\(isSecure ? "https" : "http")://\(host):\(port)"
    }
}
