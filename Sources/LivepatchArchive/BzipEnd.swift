/// The end of a bzip2 stream: a mark of 48 bits and a checksum of 32, which need not begin at a byte, filled up to a whole byte.
enum BzipEnd {
    /// How many bytes it takes at most.
    static let length = 11

    /// - Parameter tail: the last ``length`` bytes of a file, or all of it.
    /// - Returns: whether the file ends like a bzip2 stream, so that what is wrong with it is not that a part is missing.
    static func isPresent(_ tail: [UInt8]) -> Bool {
        // The mark's bits are the digits of the square root of pi.
        let mark: UInt64 = 0x1772_4538_5090
        guard tail.count >= 10 else { return false }
        return (0..<8).contains { padding in
            let end = tail.count * 8 - padding - 32
            guard end >= 48 else { return false }
            var bits: UInt64 = 0
            for index in (end - 48)..<end {
                let byte = UInt64(tail[index / 8])
                bits = bits << 1 | byte >> UInt64(7 - index % 8) & 1
            }
            return bits == mark
        }
    }
}
