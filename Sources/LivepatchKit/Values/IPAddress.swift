#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An IP address. An IPv4 address that is written in IPv6's form (`::ffff:192.0.2.7`, RFC 4291, section 2.5.5.2) is that IPv4 address.
public struct IPAddress: Hashable, Sendable {
    /// 4 or 16 of them.
    public let bytes: [UInt8]

    /// Reads `192.0.2.7` or `2001:db8::7`; an interface after a `%` is dropped. `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard let bytes = Self.bytes(String(text.prefix { $0 != "%" })) else { return nil }
        self.bytes = Self.isMapped(bytes) ? Array(bytes[12...]) : bytes
    }

    fileprivate static func isMapped(_ bytes: [UInt8]) -> Bool {
        bytes.count == 16 && bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    }

    fileprivate static func bytes(_ text: String) -> [UInt8]? {
        var short = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &short) == 1 { return short }
        var long = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &long) == 1 ? long : nil
    }

    fileprivate static func masked(_ address: [UInt8], _ bits: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let kept = min(max(bits - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
    }

    fileprivate static func text(_ bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension IPAddress: CustomStringConvertible {
    /// In the shortest form (RFC 5952).
    public var description: String { Self.text(bytes) }
}

/// An address, or a network in CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`.
public struct AddressBlock: Hashable, Sendable {
    private let prefix: [UInt8]
    private let bits: Int

    /// `nil` for anything that is not an address, with the length of a prefix or without.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, var address = IPAddress.bytes(String(first)) else { return nil }
        var bits = address.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let given = Int(parts[1]),
                given <= bits
            else { return nil }
            bits = given
        }
        if IPAddress.isMapped(address), bits >= 96 {
            address = Array(address[12...])
            bits -= 96
        }
        self.bits = bits
        prefix = IPAddress.masked(address, bits)
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == prefix.count && IPAddress.masked(address.bytes, bits) == prefix
    }
}

extension AddressBlock: CustomStringConvertible {
    public var description: String { "\(IPAddress.text(prefix))/\(bits)" }
}

/// Addresses that one person can choose from at will, and that are taken for one: an IPv4 address; of IPv6 the 64 bits that name a
/// network (RFC 4291, section 2.5.1).
public struct AddressGroup: Hashable, Sendable {
    /// `192.0.2.7`, `2001:db8::/64`, or `unknown`.
    public let text: String

    /// - Parameter address: `nil` where it is not known; all such are one.
    public init(_ address: IPAddress?) {
        guard let address else {
            text = "unknown"
            return
        }
        text = address.bytes.count == 4 ? address.description : "\(IPAddress.text(IPAddress.masked(address.bytes, 64)))/64"
    }

    /// As it was stored.
    public init(text: String) { self.text = text }
}

extension AddressGroup: CustomStringConvertible {
    public var description: String { text }
}
