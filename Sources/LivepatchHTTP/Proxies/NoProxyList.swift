import LivepatchKit

/// The servers that are reached without a proxy.
///
/// Names are compared as they stand in a URL and are never looked up; networks cover URLs that hold an address.
struct NoProxyList: Hashable, Sendable {
    private enum Exception: Hashable {
        case everything
        case network(AddressBlock, port: Int?)
        /// A name with all its subdomains, or only the subdomains.
        case domain(String, itself: Bool, port: Int?)
    }

    private let exceptions: [Exception]

    /// Entries that are empty are skipped.
    init(_ entries: [String]) {
        exceptions = entries.compactMap { entry in
            let entry = entry.filter { !$0.isWhitespace }.lowercased()
            if entry.isEmpty { return nil }
            if entry == "*" { return .everything }
            if let block = AddressBlock(entry) { return .network(block, port: nil) }
            let (host, port) = Self.split(entry)
            if let block = AddressBlock(host) { return .network(block, port: port) }
            if host.hasPrefix("*.") { return .domain(String(host.dropFirst(2)), itself: false, port: port) }
            return host.hasPrefix(".")
                ? .domain(String(host.dropFirst()), itself: false, port: port) : .domain(host, itself: true, port: port)
        }
    }

    func covers(_ origin: Origin) -> Bool {
        let address = IPAddress(origin.host)
        return exceptions.contains { exception in
            switch exception {
            case .everything:
                true
            case .network(let block, let port):
                address.map(block.contains) == true && (port ?? origin.port) == origin.port
            case .domain(let name, let itself, let port):
                (itself && origin.host == name || origin.host.hasSuffix(".\(name)")) && (port ?? origin.port) == origin.port
            }
        }
    }

    /// `host:port`, `[address]:port` or what has no port.
    private static func split(_ entry: String) -> (host: String, port: Int?) {
        guard let colon = entry.lastIndex(of: ":"), let port = Int(entry[entry.index(after: colon)...]) else {
            return (unbracketed(entry), nil)
        }
        return (unbracketed(String(entry[..<colon])), port)
    }

    private static func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}
