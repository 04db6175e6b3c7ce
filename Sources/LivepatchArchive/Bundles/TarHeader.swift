/// The header of a regular file in a tar archive, in the form of POSIX (`ustar`, IEEE 1003.1). Lengths beyond its eleven octal digits
/// are written in base 256, as GNU tar does.
struct TarHeader {
    /// In bytes: of a header, and what every member is padded to.
    static let blockSize = 512

    let name: String
    let length: Int64

    private enum Field {
        static let name = 0..<100
        static let mode = 100..<108
        static let owner = 108..<116
        static let group = 116..<124
        static let length = 124..<136
        static let modified = 136..<148
        static let checksum = 148..<156
        static let kind = 156
        static let magic = 257..<265
        static let prefix = 345..<500
    }

    private static let regularFile = UInt8(ascii: "0")
    private static let magic = Array("ustar\0".utf8) + Array("00".utf8)
    private static let octalLimit: Int64 = 1 << 33

    /// - Precondition: the length is not negative.
    init(name: String, length: Int64) {
        self.name = name
        self.length = length
    }

    /// How many bytes the content takes, with its padding.
    var paddedLength: Int64 { (length + Int64(Self.blockSize) - 1) / Int64(Self.blockSize) * Int64(Self.blockSize) }

    // MARK: Writing

    /// The header's bytes; `nil` if the name is too long for it.
    /// - Parameter modified: in seconds since 1970.
    func block(modified: Int64) -> [UInt8]? {
        guard let (prefix, last) = Self.split(Array(name.utf8)) else { return nil }
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ bytes: some Collection<UInt8>, in field: Range<Int>) {
            block.replaceSubrange(field.lowerBound..<field.lowerBound + bytes.count, with: bytes)
        }
        put(last, in: Field.name)
        put(prefix, in: Field.prefix)
        put(Self.octal(0o644, digits: 7), in: Field.mode)
        put(Self.octal(0, digits: 7), in: Field.owner)
        put(Self.octal(0, digits: 7), in: Field.group)
        put(length < Self.octalLimit ? Self.octal(length, digits: 11) : Self.base256(length), in: Field.length)
        put(Self.octal(min(max(0, modified), Self.octalLimit - 1), digits: 11), in: Field.modified)
        block[Field.kind] = Self.regularFile
        put(Self.magic, in: Field.magic)
        put(Self.octal(Self.checksum(block), digits: 6) + [0, 0x20], in: Field.checksum)
        return block
    }

    /// A name as the two fields have it: up to 100 bytes, and before a slash up to 155 more.
    private static func split(_ name: [UInt8]) -> (prefix: [UInt8], last: [UInt8])? {
        guard !name.isEmpty else { return nil }
        if name.count <= Field.name.count { return ([], name) }
        let slashes = name.indices.filter { name[$0] == UInt8(ascii: "/") }
        guard
            let slash = slashes.first(where: { name.count - $0 - 1 <= Field.name.count && $0 <= Field.prefix.count }),
            slash < name.count - 1
        else { return nil }
        return (Array(name[..<slash]), Array(name[(slash + 1)...]))
    }

    private static func octal(_ number: Int64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array(repeating: UInt8(ascii: "0"), count: digits - text.utf8.count) + text.utf8
    }

    private static func base256(_ number: Int64) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    // MARK: Reading

    /// Reads a header.
    /// - Returns: `nil` for anything else than a regular file's.
    init?(_ block: [UInt8]) {
        guard block.count == Self.blockSize, let checksum = Self.number(block[Field.checksum]),
            checksum == Self.checksum(block), block[Field.magic].elementsEqual(Self.magic), block[Field.kind] == Self.regularFile,
            let length = Self.number(block[Field.length]), length >= 0
        else { return nil }
        let last = block[Field.name].prefix { $0 != 0 }
        let prefix = block[Field.prefix].prefix { $0 != 0 }
        guard !last.isEmpty,
            let name = String(validating: prefix.isEmpty ? Array(last) : prefix + [UInt8(ascii: "/")] + last, as: UTF8.self)
        else { return nil }
        self.name = name
        self.length = length
    }

    /// The sum of all bytes, those of the sum itself taken for spaces.
    private static func checksum(_ block: [UInt8]) -> Int64 {
        block.indices.reduce(0) { $0 + Int64(Field.checksum.contains($1) ? 0x20 : block[$1]) }
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if field.first == 0x80 {
            guard field.count == 12, field.dropFirst().prefix(3).allSatisfy({ $0 == 0 }) else { return nil }
            let number = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: number)
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int64($1 - 0x30) }
    }
}
