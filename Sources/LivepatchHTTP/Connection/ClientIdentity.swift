public import FoundationEssentials
import LivepatchKit
import LivepatchTLS

/// The certificate that a client shows to servers which ask for one, and its key. Read again when the files change, so that a renewed
/// certificate is shown without a restart.
public final class ClientIdentity: Sendable {
    private let files: RenewedFromFiles<CertifiedKey>

    /// - Parameters:
    ///   - certificate: the path of a PEM file: the certificate first, then those that lead to its authority.
    ///   - key: the path of a PEM file.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if the files cannot be used.
    public init(certificate: String, key: String) throws {
        let pair = CertifiedKey.Files(certificate: certificate, key: key, owner: "The client's")
        files = try RenewedFromFiles([certificate, key], now: Date()) { try CertifiedKey(pair, now: $0) }
    }

    /// Whom it is for, as RFC 4514 writes names, and until when.
    public var certificate: (subject: String, validUntil: Date) {
        let facts = files.value.facts
        return (facts.subject, facts.validUntil)
    }

    /// What is to be shown now, and how often that has been renewed.
    /// - Parameter told: why files that have changed cannot be used, once.
    func current(told: (LivepatchError) -> Void) -> (CertifiedKey, generation: Int) {
        if case .refused(let error) = files.look(now: Date()) { told(error) }
        return files.valueAndGeneration
    }
}
