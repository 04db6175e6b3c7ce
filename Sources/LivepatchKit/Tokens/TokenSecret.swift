/// Makes and recognizes the secrets of tokens: UUIDv4 (RFC 9562, section 5.4), 36 lower-case characters, 122 random bits.
public enum TokenSecret {
    /// A new secret.
    public static func random(using generator: inout some RandomNumberGenerator) -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Hexadecimal.text(bytes)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }

    /// Whether text has the form of a secret.
    public static func isWellFormed(_ text: String) -> Bool {
        guard text.utf8.count == 36 else { return false }
        return text.utf8.enumerated().allSatisfy { index, byte in
            switch index {
            case 8, 13, 18, 23: byte == UInt8(ascii: "-")
            case 14: byte == UInt8(ascii: "4")
            case 19: variants.contains(byte)
            default: NameCharacters.hexadecimals.contains(byte)
            }
        }
    }

    private static let variants = NameCharacters("89ab")

    /// What is stored in the place of a secret.
    public static func hash(_ secret: String) -> SHA256Digest { SHA256Digest(of: Array(secret.utf8)) }
}
