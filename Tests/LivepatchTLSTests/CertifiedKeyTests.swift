import Foundation
import LivepatchKit
import LivepatchTLS
import TestCertificates
import Testing

@Suite struct `A certificate and its key, in files` {
    private func read(_ directory: String, certificate: String = "a.pem", key: String = "a.key") throws -> CertifiedKey {
        try CertifiedKey(
            CertifiedKey.Files(certificate: "\(directory)/\(certificate)", key: "\(directory)/\(key)", owner: "The server's"),
            now: Date())
    }

    @Test func `are read with what the certificate says of itself`() throws {
        try withDirectory { directory in
            let authority = try TestAuthority("Somebody's authority")
            try authority.issue("patches", hosts: ["patches.example.com"]).write(to: directory, as: "a")
            let facts = try read(directory).facts
            #expect(facts.subject == "CN=patches")
            #expect(facts.issuer == "CN=Somebody's authority")
            #expect(facts.names == ["patches.example.com", "127.0.0.1", "0:0:0:0:0:0:0:1"])
            #expect(!facts.isSelfIssued)
            #expect(facts.invalidity(at: Date()) == nil)
            #expect(facts.invalidity(at: facts.validUntil + 1)?.hasPrefix("expired at ") == true)
            #expect(facts.invalidity(at: facts.validFrom - 1)?.hasPrefix("is valid only from ") == true)
        }
    }

    @Test func `are taken with the certificates that lead to the authority`() throws {
        try withDirectory { directory in
            let authority = try TestAuthority()
            let pair = try authority.issue()
            try TestAuthority.Pair(certificate: pair.certificate + authority.pem, key: pair.key).write(to: directory, as: "a")
            #expect(try read(directory).chain.count == 2)
        }
    }

    @Test func `are refused by name, each for what is wrong with it`() throws {
        try withDirectory { directory in
            let authority = try TestAuthority()
            try authority.issue().write(to: directory, as: "a")
            try authority.issue().write(to: directory, as: "b")
            try authority.issue(from: -7200, until: -3600).write(to: directory, as: "old")
            try authority.issue(from: 3600).write(to: directory, as: "young")
            try Data("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".utf8)
                .write(to: URL(filePath: "\(directory)/locked.key"))
            try Data("nothing".utf8).write(to: URL(filePath: "\(directory)/nothing.pem"))
            let cases = [
                ("a.pem", "b.key", "key '\(directory)/b.key' does not fit the first certificate of '\(directory)/a.pem'"),
                ("a.pem", "missing.key", "key '\(directory)/missing.key' cannot be read"),
                ("missing.pem", "a.key", "certificate '\(directory)/missing.pem' cannot be read"),
                ("nothing.pem", "a.key", "holds no certificate in PEM"),
                ("a.pem", "nothing.pem", "holds no private key in PEM"),
                ("a.pem", "locked.key", "is encrypted with a passphrase"),
                ("old.pem", "old.key", "certificate '\(directory)/old.pem' expired at "),
                ("young.pem", "young.key", "is valid only from "),
            ]
            for (certificate, key, words) in cases {
                let error = #expect(throws: LivepatchError.self) {
                    try read(directory, certificate: certificate, key: key)
                }
                #expect(error?.code == .configurationInvalid)
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "nothing")")
                #expect(error?.message.hasPrefix("The server's ") == true)
                #expect(error?.suggestion != nil)
            }
        }
    }
}

/// A directory that is gone after the test.
func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
}
