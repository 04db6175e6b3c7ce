/// What webhooks are told of machines, and how receivers are known.
public struct WebhookConfiguration: Hashable, Sendable {
    /// A PEM file of authorities to trust besides the system's.
    public let certificateAuthority: String?
    /// How many failed machines are too many.
    public let failedMachines: Int
    /// Which share of them is, from 0 to 1.
    public let failedShare: Double

    init(_ reading: inout ConfigurationReading) {
        certificateAuthority = reading.value(WebhookSettings.certificateAuthority)
        failedMachines = reading.value(WebhookSettings.failedMachines)
        failedShare = reading.value(WebhookSettings.failedShare)
    }
}
