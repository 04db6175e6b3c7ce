public import FoundationEssentials
import LivepatchKit
import NIOCore
import NIOPosix
import NIOSSL

/// A server's TLS certificate, as it shows it to anybody.
public struct ServerCertificate: Hashable, Sendable {
    public let expires: Date
    /// The DNS names that it is for.
    public let names: [String]

    public init(expires: Date, names: [String]) {
        self.expires = expires
        self.names = names
    }

    /// Begins a handshake, and gives it up when the certificate is there. `nil` if it does not come to that.
    init?(of origin: Origin, timeouts: ConnectionTimeouts) async {
        guard origin.isSecure else { return nil }
        let group = MultiThreadedEventLoopGroup.singleton
        let shown = group.any().makePromise(of: NIOSSLCertificate?.self)
        do {
            let context = try NIOSSLContext(configuration: .makeClientConfiguration())
            let isAddress = origin.host.contains(":") || origin.host.allSatisfy { $0.isNumber || $0 == "." }
            let channel = try await ClientBootstrap(group: group).connectTimeout(TimeAmount(timeouts.connect))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context, serverHostname: isAddress ? nil : origin.host,
                            customVerificationCallback: { chain, verdict in
                                shown.succeed(chain.first)
                                // Nothing is to be sent to somebody who has not been verified.
                                verdict.succeed(.failed)
                            })
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }.connect(host: origin.host, port: origin.port).get()
            channel.closeFuture.whenComplete { _ in shown.succeed(nil) }
            let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(timeouts.idle)) { shown.succeed(nil) }
            let certificate = try await shown.futureResult.get()
            deadline.cancel()
            channel.close(promise: nil)
            guard let certificate else { return nil }
            self.init(certificate)
        } catch {
            shown.succeed(nil)
            return nil
        }
    }

    private init(_ certificate: NIOSSLCertificate) {
        expires = Date(timeIntervalSince1970: TimeInterval(certificate.notValidAfter))
        var names: [String] = []
        for name in certificate._subjectAlternativeNames() where name.nameType == .dnsName {
            names.append(String(decoding: name.contents, as: UTF8.self))
        }
        self.names = names
    }
}
