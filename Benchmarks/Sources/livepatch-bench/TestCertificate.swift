import Foundation

/// A self-signed certificate of this machine, for a day.
struct TestCertificate {
    let path: String
    let keyPath: String

    /// - Returns: `nil` where there is no openssl.
    init?(in folder: String) throws {
        guard let program = Program.path("openssl") else { return nil }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = "\(folder)/certificate.pem"
        keyPath = "\(folder)/key.pem"
        _ = try Program.output(
            program,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", path, "-keyout", keyPath,
            ])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyPath)
    }

    /// What a server is told of it.
    var settings: [String: String] { ["server.tls.certificate": path, "server.tls.key": keyPath] }
}
