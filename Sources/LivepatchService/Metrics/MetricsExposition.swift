/// What `GET /metrics` answers, and to whom.
public struct MetricsExposition: Sendable {
    /// The token that whoever reads has to show; `nil` for everybody.
    let token: String?
    let text: @Sendable () async -> String

    /// - Parameters:
    ///   - token: what whoever reads must send as a bearer token; `nil` for nothing.
    ///   - text: all metrics in Prometheus' text format, version 0.0.4.
    public init(token: String?, text: @escaping @Sendable () async -> String) {
        self.token = token
        self.text = text
    }
}
