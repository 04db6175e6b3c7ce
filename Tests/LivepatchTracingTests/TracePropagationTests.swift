import Logging
import Testing
import Tracing

@testable import LivepatchTracing

/// What a program may have bootstrapped: it carries W3C Trace Context in a place of its own.
private struct Backend: Instrument {
    enum Key: InstrumentationContextKey { typealias Value = String }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context[Key.self] = extractor.extract(key: "traceparent", from: carrier)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let field = context[Key.self] else { return }
        injector.inject(field, forKey: "Traceparent", into: &carrier)
    }
}

@Suite("A trace") struct TracePropagationTests {
    private let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private var parent: String { "00-\(id)-00f067aa0ba902b7-01" }

    @Test func `goes from a request into its task, and on into the requests of that`() async {
        let context = TracePropagation.received { [parent] in ["traceparent": parent, "tracestate": "a=1"][$0] }
        await withSpan("request", context: context) { _ in
            #expect(TracePropagation.current?.traceID == id)
            let fields = TracePropagation.fields()
            #expect(fields["traceparent"]?.hasPrefix("00-\(id)-") == true)
            #expect(fields["traceparent"] != parent, "whoever is asked is a part of this, not of what came before")
            #expect(fields["tracestate"] == "a=1")
            let outer = TracePropagation.current?.spanID
            await withTrace("part") {
                #expect(TracePropagation.current?.traceID == id)
                #expect(TracePropagation.current?.spanID != outer)
                await Task { #expect(TracePropagation.current?.traceID == id) }.value
            }
        }
    }

    @Test func `begins where there is none`() async throws {
        #expect(TracePropagation.current == nil)
        #expect(TracePropagation.fields().isEmpty)
        #expect(TracePropagation.metadataProvider.get().isEmpty)
        try await withTrace("work") {
            let trace = try #require(TracePropagation.current)
            #expect(
                TracePropagation.metadataProvider.get() == ["trace_id": "\(trace.traceID)", "span_id": "\(trace.spanID)"])
        }
    }

    @Test func `begins anew where a request's field cannot be read`() throws {
        let context = TracePropagation.received { $0 == "traceparent" ? "nonsense" : nil }
        let trace = InstrumentationContext.withValue(context) { TracePropagation.current }
        #expect(try #require(trace).traceID != id)
    }

    @Test func `comes with the environment of a script's commands`() async {
        let trace = await withTrace("command", in: ["TRACEPARENT": parent, "TRACESTATE": "a=1"]) { TracePropagation.current }
        #expect(trace?.traceID == id && trace?.state == "a=1")
    }

    @Test func `is that of the program's own tracing system, where there is one`() {
        let backend = Backend()
        let other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        var context = TracePropagation.received({ [parent] in $0 == "traceparent" ? parent : nil }, by: backend)
        #expect(context[Backend.Key.self] == parent)
        // A span of its own.
        context[Backend.Key.self] = other
        InstrumentationContext.withValue(context) {
            #expect(TracePropagation.current(by: backend)?.traceID == "0af7651916cd43dd8448eb211c80319c")
            #expect(TracePropagation.fields(by: backend)["traceparent"] == other)
        }
        context[Backend.Key.self] = nil
        InstrumentationContext.withValue(context) {
            #expect(TracePropagation.current(by: backend)?.traceID == id, "it knows nothing of this task")
            #expect(TracePropagation.fields(by: backend)["traceparent"]?.contains(id) == true)
        }
    }
}
