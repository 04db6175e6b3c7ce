import NIOSSL

extension TransportFailure {
    /// What may be wrong where an answer is not HTTP.
    static let perhapsTLS = "If the server speaks TLS there, its URL begins with https."

    /// What the library says of a TLS connection that was not made, in words. It knows its errors only by the names that BoringSSL
    /// gives them (`ssl.h`); those that begin with an alert's version come from the other side (RFC 8446, section 6.2).
    init(tls error: any Error) {
        let text = "\(error)"
        let known = Self.tlsFailures.first { failure in failure.names.contains { text.contains($0) } }
        self.init(
            .unreachable, known?.reason ?? "no trusted TLS connection could be made (\(error))",
            suggestion: known?.suggestion
                ?? "Its certificate has to be valid today, for that host name, and from an authority that is trusted; it has to offer TLS 1.2 or later.",
            cause: error)
    }

    private static let clientCertificate =
        "Show it one of the authority that it accepts: patch-sync.client-certificate and patch-sync.client-key."

    private static let tlsFailures: [(names: [String], reason: String, suggestion: String)] = [
        (
            ["failedToValidateHostname"], "its TLS certificate is not for the name in its URL",
            "Use a name that the certificate is for, or have it issued for this one as well."
        ),
        (
            ["CERTIFICATE_VERIFY_FAILED"], "its TLS certificate is not a valid one of an authority that is trusted",
            "If it is from a private authority, name that authority's certificate (--ca, or patch-sync.ca of a server); it also has to be valid today."
        ),
        (
            ["ALERT_UNKNOWN_CA"], "it does not accept this side's TLS client certificate: it does not trust who issued it",
            clientCertificate
        ),
        (
            ["ALERT_CERTIFICATE_EXPIRED"], "it does not accept this side's TLS client certificate: it has expired",
            "Renew it (patch-sync.client-certificate and patch-sync.client-key), or see whether its clock is right."
        ),
        (
            ["ALERT_CERTIFICATE_REQUIRED", "TLSV1_CERTIFICATE_REQUIRED"], "it asks for a TLS client certificate",
            clientCertificate
        ),
        (
            ["ALERT_BAD_CERTIFICATE", "ALERT_UNSUPPORTED_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_REVOKED"],
            "it does not accept this side's TLS client certificate", clientCertificate
        ),
        (
            ["ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"], "it speaks no version of TLS that is safe",
            "It has to offer TLS 1.2 or later, and this program no older one than it asks for."
        ),
        (
            ["WRONG_VERSION_NUMBER", "HTTP_REQUEST"], "it does not speak TLS there",
            "Check the port; a server without TLS has a URL that begins with http."
        ),
        (
            ["EOF during handshake"], "it ended the connection when TLS began, as one does that does not speak it",
            "Check the port; a server without TLS has a URL that begins with http."
        ),
    ]
}
