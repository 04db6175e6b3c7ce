/// The last eight bytes of a gzip file: the CRC-32 and the length of what it unpacks to, least byte first (RFC 1952, section 2.3.1).
enum GzipTrailer {
    /// - Parameter packed: a gzip file of one member, and nothing after it.
    static func fits(_ bytes: [UInt8], packed: [UInt8]) -> Bool {
        guard packed.count >= 8 else { return false }
        func number(_ tail: ArraySlice<UInt8>) -> UInt32 { tail.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        return number(packed.suffix(8).prefix(4)) == checksum(bytes)
            && number(packed.suffix(4)) == UInt32(truncatingIfNeeded: bytes.count)
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
    }
}
