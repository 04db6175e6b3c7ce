import FoundationEssentials

/// Secrets in every form in which they travel, and where they stand in a text.
///
/// Texts are compared byte by byte, with capital letters of ASCII like small ones: what follows a secret must not hide it, as a combining
/// character would, and some of its forms may be written either way.
struct KnownSecrets {
    /// By their first byte.
    private var forms = [[[UInt8]]](repeating: [], count: 256)

    mutating func add(_ secret: String) {
        for form in Self.forms(of: secret) {
            let folded = form.utf8.map(Self.folded)
            guard let first = folded.first, !forms[Int(first)].contains(folded) else { continue }
            forms[Int(first)].append(folded)
        }
    }

    /// The text with a marker in the place of every secret, and one for those that overlap.
    func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let found = WrittenText.readings(of: bytes).flatMap(places).sorted { $0.lowerBound < $1.lowerBound }
        guard !found.isEmpty else { return text }
        var shown: [UInt8] = []
        var end = 0
        for range in found {
            if range.lowerBound >= end { shown += bytes[end..<range.lowerBound] + Array(SecretRedactor.marker.utf8) }
            end = max(end, range.upperBound)
        }
        return String(decoding: shown + bytes[end...], as: UTF8.self)
    }

    /// Where secrets stand in the bytes that were read.
    private func places(in text: WrittenText) -> [Range<Int>] {
        let folded = text.bytes.map(Self.folded)
        var places: [Range<Int>] = []
        for start in folded.indices {
            for form in forms[Int(folded[start])] where Self.stands(form, in: folded, at: start) {
                places.append(text.places[start].lowerBound..<text.places[start + form.count - 1].upperBound)
            }
        }
        return places
    }

    private static func stands(_ form: [UInt8], in text: [UInt8], at start: Int) -> Bool {
        guard start + form.count <= text.count else { return false }
        for index in form.indices where form[index] != text[start + index] { return false }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// As it is, in hexadecimal digits, and within the base64 of something longer; a UUID without its hyphens.
    private static func forms(of secret: String) -> [String] {
        var forms = [secret, secret.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()]
        if secret.wholeMatch(of: /[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/) != nil {
            forms.append(secret.filter { $0 != "-" })
        }
        for offset in 0..<3 {
            let encoded = base64(secret, after: offset)
            forms += [encoded, encoded.replacing("+", with: "-").replacing("/", with: "_")]
        }
        return forms.filter { $0.utf8.count >= SecretRedactor.shortest }
    }

    /// The digits of base64 that stand for the text alone, where that many bytes come before it (RFC 4648, section 4).
    private static func base64(_ text: String, after offset: Int) -> String {
        let bytes = Array(repeating: UInt8(0), count: offset) + Array(text.utf8)
        // Each byte has eight bits, each digit six; a digit that has bits of a neighbour depends on that.
        let (first, end) = ((offset * 8 + 5) / 6, bytes.count * 8 / 6)
        guard end - first >= 6 else { return "" }
        return String(Data(bytes).base64EncodedString().prefix(end).dropFirst(first))
    }
}
