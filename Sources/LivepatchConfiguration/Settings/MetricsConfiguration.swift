/// Who may read the metrics.
public struct MetricsConfiguration: Hashable, Sendable {
    public let isEnabled: Bool
    /// What whoever reads them has to show; `nil` for everybody.
    public let token: ConcealedText?

    init(_ reading: inout ConfigurationReading) {
        isEnabled = reading.value(MetricsSettings.enabled)
        token = reading.value(MetricsSettings.token)
        if !isEnabled, token != nil {
            reading.note("server.metrics.token is set, but server.metrics.enabled is false: nobody can read the metrics.")
        }
    }
}
