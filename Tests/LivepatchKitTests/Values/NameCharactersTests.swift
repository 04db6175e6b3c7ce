import LivepatchTesting
import Testing

@testable import LivepatchKit

@Suite("Names, byte by byte")
struct NameCharactersTests {
    private static let alphabet = Array("aZz09f-._:\n é\u{301}")

    /// Texts of up to three characters that are, or are not, parts of names, and those around a name's greatest length.
    private static func texts(around limit: Int) -> [String] {
        var texts = [""]
        var last = texts
        for _ in 1...3 {
            last = last.flatMap { text in alphabet.map { text + String($0) } }
            texts += last
        }
        return texts + (limit - 1...limit + 1).flatMap { [String(repeating: "a", count: $0), String(repeating: "é", count: $0)] }
    }

    @Test func `what regular expressions say of names, this says`() throws {
        for text in Self.texts(around: 63) {
            #expect(
                text.isName(of: .tierCharacters, first: .smallLetters, atMost: 63)
                    == (text.wholeMatch(of: /[a-z][a-z0-9-]{0,62}/) != nil), "\(text.debugDescription)")
        }
        for text in Self.texts(around: 128) {
            #expect(
                text.isName(of: .machineIDCharacters, first: .alphanumerics, atMost: 128)
                    == (text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._:-]{0,127}/) != nil), "\(text.debugDescription)")
        }
    }

    @Test(arguments: [
        "CVE-2024-1086", "CVE-2024-108", "CVE-2024-1234567890123456789", "CVE-2024-12345678901234567890", "CVE-24-1086",
        "cve-2024-1086",
        "CVE-2024-1086-1", "CVE-2024-", "CVE-2024-10x6", "CVE-2024", "",
    ]) func `identifiers of vulnerabilities are what they were`(_ text: String) {
        let isValid = (try? PatchMetadata(cves: [text]).validate()) != nil
        #expect(isValid == (text.wholeMatch(of: /CVE-[0-9]{4}-[0-9]{4,19}/) != nil))
    }

    @Test(arguments: [
        "0c9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2f11", "0C9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2f11", "0c9f5b0a-5d0e-5b7a-9d7b-0a4f0b6f2f11",
        "0c9f5b0a-5d0e-4b7a-cd7b-0a4f0b6f2f11", "0c9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2f1", "0c9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2f111",
        "0c9f5b0a_5d0e-4b7a-9d7b-0a4f0b6f2f11", "0c9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2fé", "",
    ]) func `secrets have the form that they had`(_ text: String) {
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(TokenSecret.isWellFormed(text) == (text.wholeMatch(of: form) != nil))
    }
}
