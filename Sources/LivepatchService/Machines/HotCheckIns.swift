import Caching
import FoundationEssentials
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Answers check-ins that change nothing of what is known of a machine, from memory (``HotAnswers``).
final class HotCheckIns: Sendable {
    private static let head = HotHead.bytes(.ok, Answers.jsonFields)

    private let machines: MachineParts
    private let reader = ReportReader()
    private let meter: MachineMeter
    private let now: @Sendable () -> Date
    /// Of the answers that were given lately: of those to one question only the times differ.
    private let templates = Mutex(LeastRecentlyUsed<CheckInAnswer, CheckInTemplate>(capacity: 1024))

    /// - Parameter meter: the one of the ordinary handlers.
    init(machines: MachineParts, meter: MachineMeter, now: @escaping @Sendable () -> Date) {
        self.machines = machines
        self.meter = meter
        self.now = now
    }

    /// Answers a machine's report.
    /// - Parameters:
    ///   - id: whom the path names.
    ///   - revision: one that was read after the request came.
    ///   - admit: gets a place among the requests that are served, and counts this one as the caller's.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ id: MachineID, _ body: ByteBuffer, from caller: Caller, as revision: CatalogRevision, admit: () -> Place?
    ) -> HotAnswer? {
        guard case .machine(let identity, _) = caller, machines.authority.isMachine(identity, id),
            let report = try? reader.read(Array(buffer: body))
        else { return nil }
        var place: Place?
        let prompt = machines.checkIn.answerAtOnce(report, from: identity, as: revision, at: now()) {
            place = admit()
            return place != nil
        }
        guard let prompt, let place, let bytes = encode(prompt.answer) else { return nil }
        meter.count(report, isKernelKnown: prompt.isKernelKnown)
        var head = Self.head
        head.writeField("Content-Length", "\(bytes.count)")
        return HotAnswer(
            .ok, head, body: ByteBuffer(bytes: bytes), place: place, template: Paths.machineUpdatesTemplate)
    }

    private func encode(_ answer: CheckInAnswer) -> [UInt8]? {
        let key = CheckInTemplate.key(answer)
        if let known = templates.withLock({ $0.value(for: key) }) { return known.bytes(answer) }
        guard let template = CheckInTemplate(key) else { return try? DocumentCoding.encode(answer) }
        templates.withLock { _ = $0.insert(template, for: key) }
        return template.bytes(answer)
    }
}
