#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An IP address or a network in CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`.
struct AddressRange: Hashable, Sendable {
    private let prefix: [UInt8]
    private let bits: Int

    /// `nil` for anything that is not an address, with a prefix length or without.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ Self.bytes(String($0)) }) else { return nil }
        switch parts.count {
        case 1: bits = address.count * 8
        case 2:
            guard let bits = Int(parts[1]), (0...address.count * 8).contains(bits) else { return nil }
            self.bits = bits
        default: return nil
        }
        prefix = Self.masked(address, bits)
    }

    /// Whether a host is an address of this range; names never are.
    func contains(_ host: String) -> Bool {
        guard let address = Self.bytes(host), address.count == prefix.count else { return false }
        return Self.masked(address, bits) == prefix
    }

    private static func masked(_ address: [UInt8], _ bits: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let kept = min(max(bits - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
    }

    /// The 4 or 16 bytes of an address.
    private static func bytes(_ text: String) -> [UInt8]? {
        var short = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &short) == 1 { return short }
        var long = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &long) == 1 ? long : nil
    }
}
