import Hummingbird
import LivepatchAPI
import LivepatchKit
import LivepatchTracing
public import Logging
public import Metrics

/// The log of security events: one line an event, whatever the log level. Secrets never get here.
public struct SecurityLog: Sendable {
    private let logger: Logger
    private let application: String
    private let meter: SecurityMeter

    /// - Parameters:
    ///   - logger: where lines go, with `type` and the event's parts as metadata.
    ///   - application: the `appid`.
    ///   - metrics: where events are counted; by default what the process was given (`MetricsSystem`).
    public init(
        logger: Logger, application: String = "livepatch-server", metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        var logger = logger
        logger.logLevel = .trace
        self.logger = logger
        self.application = application
        meter = SecurityMeter(metrics)
    }

    /// Records an event that is about no request.
    public func record(_ event: SecurityEvent) { record(event, [:]) }

    /// Records an event that a request caused.
    func record(_ event: SecurityEvent, _ request: Request) {
        record(event, ["method": "\(request.method)", "path": "\(LoggedPath(request))"])
    }

    /// Records it where an administrator's role does not suffice.
    /// - Throws: ``LivepatchError`` with the code `role-insufficient`.
    func require(_ role: AdministratorRole, of administrator: KnownAdministrator, _ request: Request) throws {
        do {
            try administrator.require(role)
        } catch {
            record(.roleInsufficient(administrator, needed: role), request)
            throw error
        }
    }

    private func record(_ event: SecurityEvent, _ more: Logger.Metadata) {
        meter.count(event)
        var metadata = more
        // Whatever provides the metadata of the embedder's loggers.
        if let trace = TracePropagation.current { metadata.merge(trace.metadata) { $1 } }
        metadata["type"] = "security"
        metadata["appid"] = "\(application)"
        metadata["event"] = "\(event.name)"
        metadata["description"] = "\(event.description)"
        if let actor = event.actor { metadata["actor"] = "\(actor)" }
        if let address = event.address { metadata["address"] = "\(address)" }
        logger.log(level: event.level, "\(event.description)", metadata: metadata)
    }
}
