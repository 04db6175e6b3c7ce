import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchKit
import LivepatchService
import Logging

extension Composition {
    /// What connections are encrypted with; `nil` for nothing.
    func encryption() throws -> ServerTLS? {
        try configuration.encryption.map { try ServerTLS($0, now: now()) }
    }

    /// Everything that is sent over an address without TLS can be read on the way, passwords and tokens first of all.
    func warnOfClearText(_ doors: [Door], isEncrypted: Bool, _ logger: Logger) {
        let open = doors.filter { !isEncrypted && !$0.address.isLoopback }
        guard !open.isEmpty else { return }
        logger.warning(
            "Passwords, tokens and patches travel in the clear: the server listens beyond this machine without TLS. Set server.tls.certificate and server.tls.key, or bind it to loopback behind a proxy that speaks TLS.",
            metadata: ["addresses": "\(open.map(\.address.description).joined(separator: ", "))"])
    }

    /// What has to be renewed in time.
    func certificates(_ encryption: ServerTLS?, _ upstream: ConfiguredUpstream?) -> @Sendable () -> [ExpiringCertificate] {
        {
            let client = upstream?.clientCertificate.map { certificate in
                ExpiringCertificate(
                    name: "sync-client", words: "The TLS certificate that the upstream is shown (\(certificate.subject))",
                    end: certificate.validUntil,
                    remedy: "Put a new one into the files of patch-sync.client-certificate and patch-sync.client-key.")
            }
            return (encryption?.expiring ?? []) + (client.map { [$0] } ?? [])
        }
    }
}

extension ServerConfiguration {
    /// Where the server listens, and for whom.
    var doors: [Door] {
        Door.doors(
            for: HTTPService.Address(address),
            [
                (.machines, "server.machine-address", machineAddress.map { HTTPService.Address($0) }),
                (.downstreams, "server.sync-address", syncAddress.map { HTTPService.Address($0) }),
                (.administrators, "server.admin-address", adminAddress.map { HTTPService.Address($0) }),
            ])
    }
}

extension HTTPService.Address {
    init(_ address: ListenAddress) { self.init(host: address.host, port: address.port) }

    /// Where somebody on this machine finds the server.
    func url(isEncrypted: Bool) -> String {
        let scheme = isEncrypted ? "https" : "http"
        guard let host, host != "0.0.0.0", host != "::" else { return "\(scheme)://127.0.0.1:\(port)" }
        return "\(scheme)://\(HTTPService.Address(host: host, port: port))"
    }
}

extension [Door] {
    /// Where somebody on this machine finds the server, for the line that says that it is ready.
    func urls(isEncrypted: Bool) -> String {
        enumerated().map { index, door in
            let whom = door.apis.map(\.rawValue).sorted().joined(separator: " and ")
            return door.address.url(isEncrypted: isEncrypted) + (index == 0 ? "" : " for \(whom)")
        }.joined(separator: ", ")
    }
}
