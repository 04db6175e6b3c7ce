import FoundationEssentials
import LivepatchKit
import Metrics

/// When what is signed and trusted expires, as gauges in seconds since 1970, so that whoever watches can compare with any clock:
///
///     livepatch_metadata_expiry_timestamp_seconds{repository, signer, role, view}
///     livepatch_trusted_expiry_timestamp_seconds{repository, signer, view}
///     livepatch_certificate_expiry_timestamp_seconds{certificate}
struct ExpiryGauges {
    static let signed = "livepatch_metadata_expiry_timestamp_seconds"
    static let trusted = "livepatch_trusted_expiry_timestamp_seconds"

    static let certificate = "livepatch_certificate_expiry_timestamp_seconds"

    private struct Name: Hashable {
        let label: String
        /// Of a certificate, which has nothing of what follows.
        var certificate: String?
        var repository = ""
        var signer = ""
        /// `nil` for what is trusted, which is a repository as a whole.
        var role: String?
        var view = ""

        var dimensions: [(String, String)] {
            if let certificate { return [("certificate", certificate)] }
            return [("repository", repository), ("signer", signer)] + (role.map { [("role", $0)] } ?? []) + [("view", view)]
        }
    }

    private let factory: any MetricsFactory
    private var gauges: [Name: Gauge] = [:]

    init(_ factory: any MetricsFactory) { self.factory = factory }

    /// Shows a state; what it does not have any more is shown no longer.
    mutating func show(_ status: TrustStatus, _ certificates: [ExpiringCertificate] = []) {
        var values: [Name: Double] = [:]
        for certificate in certificates {
            values[Name(label: Self.certificate, certificate: certificate.name)] = certificate.end.timeIntervalSince1970
        }
        for repository in status.repositories {
            for role in repository.roles {
                let name = Name(
                    label: Self.signed, repository: repository.kind.rawValue, signer: repository.signer.description,
                    role: role.name, view: role.view?.description ?? "")
                values[name] = role.expires.timeIntervalSince1970
            }
        }
        for pin in status.pins {
            guard let expires = pin.expires else { continue }
            let name = Name(
                label: Self.trusted, repository: pin.kind.rawValue, signer: pin.signer.description,
                view: pin.view?.description ?? "")
            values[name] = expires.timeIntervalSince1970
        }
        for name in gauges.keys where values[name] == nil { gauges.removeValue(forKey: name)?.destroy() }
        for (name, value) in values {
            let gauge = gauges[name] ?? Gauge(label: name.label, dimensions: name.dimensions, factory: factory)
            gauges[name] = gauge
            gauge.record(value)
        }
    }
}
