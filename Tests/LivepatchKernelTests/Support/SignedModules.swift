import Foundation
import Testing

/// Modules signed as the kernel's build system signs them (scripts/sign-file), by openssl.
struct SignedModules {
    /// The body that was signed, without a signature.
    let body: [UInt8]
    private let folder: URL

    static let magic = Array("~Module signature appended~\n".utf8)

    /// `signer` or `other`, in PEM.
    func certificate(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: "\(name).pem"))) }

    /// The signer's certificate in DER.
    func certificateDER() throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: "signer.der"))) }

    /// The PKCS#7 message of a kind.
    func message(_ kind: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: "\(kind).p7"))) }

    /// The body with a signature of a kind appended.
    func module(_ kind: String) throws -> [UInt8] { Self.append(try message(kind), to: body) }

    static func append(_ message: [UInt8], to body: [UInt8]) -> [UInt8] {
        let length = UInt32(message.count)
        let trailer: [UInt8] =
            [0, 0, 2, 0, 0, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) }
        return body + message + trailer + magic
    }

    /// Cancels the test where there is no openssl.
    static func get() async throws -> SignedModules {
        guard let made = try await made.value else { try Test.cancel("There is no openssl here to sign modules with.") }
        return made
    }

    private static let made = Task {
        // It waits for another program, on a thread that nobody else needs.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try make() }) }
        }
    }

    private static func make() throws -> SignedModules? {
        let folder = FileManager.default.temporaryDirectory.appending(path: "livepatch-signatures-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let body = Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 / 256) })
        try body.write(to: folder.appending(path: "body"))
        let script = Process()
        script.executableURL = URL(filePath: "/bin/sh")
        script.currentDirectoryURL = folder
        script.arguments = [
            "-c",
            """
            command -v openssl >/dev/null || exit 77
            set -e
            for name in signer other; do
              openssl req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=Module signing $name" \
                -addext subjectKeyIdentifier=hash -keyout $name.key -out $name.pem
            done
            openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=curve \
              -keyout curve.key -out curve.pem
            openssl x509 -in signer.pem -outform DER -out signer.der
            sign() { # KIND SIGNER DIGEST OPTIONS…
              kind=$1 signer=$2 digest=$3; shift 3
              openssl cms -sign -binary -nocerts -nosmimecap -in body -signer $signer.pem -inkey $signer.key -md $digest \
                -outform DER -out $kind.p7 "$@"
            }
            sign sha512 signer sha512 -noattr
            sign sha384 signer sha384 -noattr
            sign sha256 signer sha256 -noattr
            sign sha1 signer sha1 -noattr
            sign keyid signer sha512 -noattr -keyid
            sign other other sha512 -noattr
            sign curve curve sha256 -noattr
            sign attributes signer sha512
            openssl cms -sign -binary -nocerts -noattr -nodetach -in body -signer signer.pem -inkey signer.key -md sha512 \
              -outform DER -out attached.p7
            """,
        ]
        script.standardInput = FileHandle.nullDevice
        script.standardOutput = FileHandle.nullDevice
        let complaint = Pipe()
        script.standardError = complaint
        try script.run()
        let said = String(decoding: complaint.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        if script.terminationStatus == 77 { return nil }
        try #require(script.terminationStatus == 0, "\(said)")
        return SignedModules(body: Array(body), folder: folder)
    }
}
