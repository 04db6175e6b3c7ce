/// Names as parts of URLs and of file names (RFC 3986, section 2.1).
enum PercentEncoding {
    /// A name as one segment of a path: everything but letters, digits and `-._~` is encoded, `/` too.
    static func segment(_ name: String) -> String {
        encode(name) { byte, _ in isUnreserved(byte) }
    }

    /// A target's path as a path of a URL. The specification has it be a relative URL already, so `/` and `%41` stay what they
    /// are; what no path of a URL can hold is encoded, and so are `?` and `#`, which would end the path.
    static func path(_ path: String) -> String {
        encode(path) { byte, rest in
            if byte == UInt8(ascii: "%") {
                return rest.prefix(2).count == 2 && rest.prefix(2).allSatisfy { Hex.value(of: $0) != nil }
            }
            return isUnreserved(byte) || "!$&'()*+,;=:@/".utf8.contains(byte)
        }
    }

    private static func encode(_ text: String, keeping isKept: (UInt8, Substring.UTF8View) -> Bool) -> String {
        var encoded: [UInt8] = []
        var rest = text[...].utf8
        while let byte = rest.popFirst() {
            if isKept(byte, rest) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(contentsOf: Hex.text([byte]).uppercased().utf8)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~".utf8.contains(byte)
        }
    }
}
