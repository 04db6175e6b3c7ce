/// File names for names that may hold anything.
public enum FileName {
    /// What file systems hold in one name, in bytes.
    private static let greatestLength = 255
    /// What a name with a digest in it begins with, and no percent-encoded one.
    private static let digestMark = "%sha256-"

    /// The name percent-encoded, so that it stays in its directory; if that is too long for a file system, a name with its SHA-256
    /// instead, which no percent-encoded name looks like.
    public static func encoded(_ name: String, suffix: String = "") -> String {
        let encoded = PercentEncoding.segment(name) + suffix
        guard encoded.utf8.count > greatestLength || ["", ".", ".."].contains(encoded) else { return encoded }
        return digest(name) + suffix
    }

    /// The name of the file that a part of a URL's path means: what it decodes to, as web servers have it.
    ///
    /// A part that does not decode to the name of one file (as that of a role called `../x`) keeps its encoding, and so does one that
    /// decodes to such a part: else `a%2Fb` and `a%252Fb` would be one file. What is too long is a name with its SHA-256.
    public static func decoded(_ part: String) -> String {
        guard part.utf8.count <= 3 * greatestLength, let name = decodedOnce(part), canBeDecoded(name) else { return kept(part) }
        return shortened(name)
    }

    private static func kept(_ part: String) -> String { isFolder(part) ? "%2E" + part.dropFirst() : shortened(part) }

    private static func shortened(_ name: String) -> String {
        name.utf8.count > greatestLength || name.utf8.starts(with: digestMark.utf8) ? digest(name) : name
    }

    private static func digest(_ name: String) -> String { digestMark + TargetPathDigest.hex(of: name) }

    /// The directory itself, or the one above.
    private static func isFolder(_ name: String) -> Bool { name == "." || name == ".." }

    /// Whether it is a name of one file, however often it is decoded.
    private static func canBeDecoded(_ name: String) -> Bool {
        var name = name
        while let next = decodedOnce(name) {
            if next.isExactly(name) { return true }
            name = next
        }
        return false
    }

    /// - Returns: `nil` if that is no name of one file.
    private static func decodedOnce(_ part: String) -> String? {
        var bytes: [UInt8] = []
        var rest = part[...].utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.bytes(String(decoding: rest.prefix(2), as: UTF8.self)), value.count == 1
            {
                bytes.append(value[0])
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        guard let name = String(validating: bytes, as: UTF8.self), !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")) else {
            return nil
        }
        return isFolder(name) ? nil : name
    }
}
