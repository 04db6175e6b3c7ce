/// File names for names that may hold anything.
public enum FileName {
    /// What file systems hold in one name, in bytes.
    private static let greatestLength = 255

    /// The name percent-encoded, so that it stays in its directory; if that is too long for a file system, a name with its SHA-256
    /// instead, which no percent-encoded name looks like.
    public static func encoded(_ name: String, suffix: String = "") -> String {
        let encoded = PercentEncoding.segment(name)
        let isSpecial = [".", ".."].contains(encoded + suffix) || (encoded + suffix).isEmpty
        guard encoded.utf8.count + suffix.utf8.count > greatestLength || isSpecial else { return encoded + suffix }
        return "%sha256-\(TargetPathDigest.hex(of: name))\(suffix)"
    }

    /// The name that a part of a URL's path decodes to; the part itself if that would be no name of one file.
    static func decoded(_ part: String) -> String {
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
            return part
        }
        // Such a part is not encoded, so it is the part that has to be changed.
        if name == "." || name == ".." { return "%2E" + name.dropFirst() }
        return name
    }
}
