package import HTTPTypes
import Hummingbird
public import LivepatchKit
import NIOCore

/// Finds out the address that a request comes from.
///
/// It is the connection's, unless that is a proxy's that is trusted: then it is the last one in the proxy's field that is not itself a
/// trusted proxy's. What stands before that one was written by somebody who is not trusted. Only one field is looked at, since a proxy
/// passes on what it does not write itself.
public struct ClientAddresses: Hashable, Sendable {
    /// Where proxies write whom they speak for.
    public enum Field: String, Hashable, Sendable, CaseIterable {
        /// `X-Forwarded-For`: addresses, the nearest last.
        case xForwardedFor = "x-forwarded-for"
        /// `Forwarded` (RFC 7239).
        case forwarded
    }

    private let proxies: [AddressBlock]
    private let field: Field

    /// - Parameter proxies: whose field is believed; empty for nobody's.
    public init(proxies: [AddressBlock] = [], field: Field = .xForwardedFor) {
        self.proxies = proxies
        self.field = field
    }

    /// `nil` where the connection has no address.
    func address(of request: Request, on channel: any Channel) -> IPAddress? {
        guard let peer = channel.remoteAddress?.ipAddress.flatMap({ IPAddress($0) }) else { return nil }
        return address(peer: peer, request.headers)
    }

    /// Whose connection it is, where one address may not have any number of them; `nil` for a proxy's, and where that is not known.
    func boundedPeer(of channel: any Channel) -> AddressGroup? {
        guard let peer = channel.remoteAddress?.ipAddress.flatMap({ IPAddress($0) }), !isTrusted(peer) else { return nil }
        return AddressGroup(peer)
    }

    package func address(peer: IPAddress, _ headers: HTTPFields) -> IPAddress {
        guard isTrusted(peer) else { return peer }
        var nearest = peer
        for hop in hops(headers).reversed() {
            // What cannot be read ends what can be believed.
            guard let hop else { return nearest }
            nearest = hop
            if !isTrusted(hop) { return hop }
        }
        return nearest
    }

    private func isTrusted(_ address: IPAddress) -> Bool { proxies.contains { $0.contains(address) } }

    /// The addresses in the field, the nearest last; `nil` for what is none.
    private func hops(_ headers: HTTPFields) -> [IPAddress?] {
        guard let name = HTTPField.Name(field.rawValue) else { return [] }
        let elements = headers[values: name].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        switch field {
        case .xForwardedFor: return elements.map(Self.node)
        case .forwarded: return elements.map(Self.forwardedNode)
        }
    }

    /// The `for` of an element of `Forwarded`.
    private static func forwardedNode(_ element: Substring) -> IPAddress? {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            if parts.count == 2, parts[0].lowercased() == "for" { return node(parts[1].filter { $0 != "\"" }[...]) }
        }
        return nil
    }

    /// `192.0.2.7`, `192.0.2.7:80`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:80`.
    private static func node(_ text: Substring) -> IPAddress? {
        let text = text.filter { !$0.isWhitespace }
        if text.hasPrefix("[") { return text.firstIndex(of: "]").flatMap { IPAddress(text[..<$0].dropFirst()) } }
        if let address = IPAddress(text) { return address }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? IPAddress(parts[0]) : nil
    }
}
