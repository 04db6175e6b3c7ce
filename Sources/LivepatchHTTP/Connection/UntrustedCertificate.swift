import FoundationEssentials
import LivepatchKit
import LivepatchTLS
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Finds out what is wrong with a certificate that was refused: the library says only that something is.
///
/// For that the server is connected to once more, up to its certificate; nothing is sent, and nothing believed.
enum UntrustedCertificate {
    /// - Returns: what is wrong with the certificate; `nil` if the error is not about it, or if it cannot be found out.
    static func failure(_ error: any Error, at origin: Origin, within limit: Duration) async -> TransportFailure? {
        let text = "\(error)"
        let isAboutName = text.contains("failedToValidateHostname")
        guard isAboutName || text.contains("CERTIFICATE_VERIFY_FAILED") else { return nil }
        guard let chain = await shown(by: origin, within: limit)?.map(CertificateFacts.init), let certificate = chain.first else {
            return nil
        }
        if !isAboutName {
            for facts in chain {
                guard let invalidity = facts.invalidity(at: Date()) else { continue }
                let whose = facts == certificate ? "its TLS certificate" : "the certificate that issued its TLS certificate"
                return TransportFailure(
                    .unreachable, "\(whose) (\(facts.subject)) \(invalidity)",
                    suggestion: "Have it renewed on the server, or check this machine's clock.", cause: error)
            }
        }
        if isAboutName {
            let names = certificate.names.isEmpty ? "no name at all" : certificate.names.joined(separator: ", ")
            return TransportFailure(
                .unreachable, "its TLS certificate is for \(names), and not for \(origin.host)",
                suggestion: "Use a name that the certificate is for, or have it issued for this one as well.", cause: error)
        }
        let top = chain.last ?? certificate
        return TransportFailure(
            .unreachable,
            certificate.isSelfIssued
                ? "its TLS certificate (\(certificate.subject)) is self-signed, and not one that is trusted"
                : "its TLS certificate was issued by an authority that is not trusted (\(top.issuer))",
            suggestion:
                "If it is a private authority, name its certificate: --ca, or patch-sync.ca of a server. If it is not, somebody may be in between.",
            cause: error)
    }

    /// The certificates that a server shows.
    static func shown(by origin: Origin, within limit: Duration) async -> [NIOSSLCertificate]? {
        let found = Found()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        guard let context = try? NIOSSLContext(configuration: configuration),
            let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(limit))
                .channelInitializer({ channel in
                    channel.eventLoop.makeCompletedFuture {
                        let isAddress = IPAddress(origin.host) != nil
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(
                                context: context, serverHostname: isAddress ? nil : origin.host,
                                customVerificationCallback: { certificates, promise in
                                    found.note(certificates)
                                    promise.succeed(.failed)
                                }), Hush(),
                        ])
                    }
                })
                .connect(host: origin.host, port: origin.port).get()
        else { return nil }
        let expiry = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
        try? await channel.closeFuture.get()
        expiry.cancel()
        return found.certificates
    }

    private final class Found: Sendable {
        private let shown: Mutex<[NIOSSLCertificate]?>
        init() { shown = Mutex(nil) }
        func note(_ certificates: [NIOSSLCertificate]) { shown.withLock { $0 = certificates } }
        var certificates: [NIOSSLCertificate]? { shown.withLock { $0 } }
    }

    /// The end of the handshake is what was wanted.
    private final class Hush: ChannelInboundHandler, Sendable {
        typealias InboundIn = Any
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
