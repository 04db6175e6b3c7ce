public import Logging
public import Tracing

/// Carries traces from requests into tasks, and from tasks into requests.
///
/// What the process was given (`InstrumentationSystem`) does that if there is something; its trace is the one that counts. Without, or
/// where it knows no W3C Trace Context, a ``TraceContext`` of our own does: so there always is a trace id to look for.
public enum TracePropagation {
    /// What a request carries, as the context of all that is done for it: a trace of its own if it carries none that can be read.
    /// - Parameter field: a request's field of that name, in lower case; fields of the same name joined by commas.
    public static func received(_ field: @escaping @Sendable (String) -> String?) -> InstrumentationContext {
        received(field, by: InstrumentationSystem.instrument)
    }

    static func received(_ field: @escaping @Sendable (String) -> String?, by instrument: any Instrument)
        -> InstrumentationContext
    {
        var context = InstrumentationContext.topLevel
        instrument.extract(Fields(field: field), into: &context, using: FieldExtractor())
        let received = field("traceparent").flatMap { TraceContext(parsing: $0, state: field("tracestate")) }
        context[Key.self] = received?.child() ?? TraceContext()
        return context
    }

    /// What the environment of a process carries, under the names in capital letters (`TRACEPARENT`, `TRACESTATE`), as
    /// OpenTelemetry's specification has it for programs that a script starts one after the other.
    public static func received(in environment: [String: String]) -> InstrumentationContext {
        received { environment[$0.uppercased()] }
    }

    /// The context of a part of the current trace, or of the beginning of one.
    public static func continued() -> InstrumentationContext {
        var context = InstrumentationContext.current ?? .topLevel
        context[Key.self] = context[Key.self]?.child() ?? TraceContext()
        return context
    }

    /// The trace that the current task belongs to; `nil` if it belongs to none.
    public static var current: TraceContext? { current(by: InstrumentationSystem.instrument) }

    static func current(by instrument: any Instrument) -> TraceContext? {
        guard let context = InstrumentationContext.current else { return nil }
        let injected = injected(context, by: instrument)
        return TraceContext(parsing: injected["traceparent"] ?? "", state: injected["tracestate"]) ?? context[Key.self]
    }

    /// The fields with which the current task's trace goes on in a request to another server; none if it belongs to none.
    public static func fields() -> [String: String] { fields(by: InstrumentationSystem.instrument) }

    static func fields(by instrument: any Instrument) -> [String: String] {
        guard let context = InstrumentationContext.current else { return [:] }
        var fields = injected(context, by: instrument)
        if fields["traceparent"] == nil, let trace = context[Key.self] {
            fields["traceparent"] = trace.traceparent
            if let state = trace.state { fields["tracestate"] = state }
        }
        return fields
    }

    /// What every log line of a task that belongs to a trace says of it: `trace_id` and `span_id`, by the names that OpenTelemetry has
    /// for logs that are not its own.
    public static let metadataProvider = Logger.MetadataProvider { TracePropagation.current?.metadata ?? [:] }

    private static func injected(_ context: InstrumentationContext, by instrument: any Instrument) -> [String: String] {
        var fields: [String: String] = [:]
        instrument.inject(context, into: &fields, using: FieldInjector())
        return fields
    }

    private enum Key: InstrumentationContextKey {
        typealias Value = TraceContext
        static let nameOverride: String? = "livepatch-trace"
    }
}

extension TraceContext {
    /// ``traceID`` and ``spanID``, for a log line.
    public var metadata: Logger.Metadata { ["trace_id": "\(traceID)", "span_id": "\(spanID)"] }
}

/// Those of a request.
private struct Fields: Sendable {
    let field: @Sendable (String) -> String?
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: Fields) -> String? { fields.field(key.lowercased()) }
}

private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into fields: inout [String: String]) { fields[key.lowercased()] = value }
}

/// Does something as a span of the current trace, or of a new one.
/// - Parameters:
///   - name: of what is done; not of whom or what it is done to.
///   - attributes: what it is done to.
public func withTrace<Value: Sendable>(
    _ name: String, kind: SpanKind = .internal, attributes: SpanAttributes = [:], _ body: @Sendable () async throws -> Value
) async rethrows -> Value {
    try await withSpan(name, context: TracePropagation.continued(), ofKind: kind) { span in
        if span.isRecording, !attributes.isEmpty { span.attributes.merge(attributes) }
        return try await body()
    }
}

/// Does all that a command does as a span of the trace that its environment names, or of a new one.
/// - Parameter environment: that of the process.
public func withTrace<Value: Sendable>(
    _ name: String, in environment: [String: String], _ body: @Sendable () async throws -> Value
) async rethrows -> Value {
    try await withSpan(name, context: TracePropagation.received(in: environment)) { _ in try await body() }
}
