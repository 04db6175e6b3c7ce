import FoundationEssentials
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

/// Answers check-ins that change nothing of what is known of a machine, from memory (``HotAnswers``).
struct HotCheckIns: Sendable {
    private static let headers = HTTPHeaders(hot: Answers.jsonFields)

    private let machines: MachineParts
    private let meter: MachineMeter
    private let now: @Sendable () -> Date

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
        guard case .machine(let identity, _) = caller, identity.machine == HashedMachineID(id, key: machines.key),
            let report = try? DocumentCoding.decode(MachineReport.self, from: body.readableBytesView)
        else { return nil }
        var place: Place?
        let prompt = machines.checkIn.answerAtOnce(report, from: identity, as: revision, at: now()) {
            place = admit()
            return place != nil
        }
        guard let prompt, let place, let bytes = try? DocumentCoding.encode(prompt.answer) else { return nil }
        meter.count(report, isKernelKnown: prompt.isKernelKnown)
        var headers = Self.headers
        headers.add(name: "Content-Length", value: "\(bytes.count)")
        return HotAnswer(
            .ok, headers, body: .bytes(ByteBuffer(bytes: bytes)), place: place, template: Paths.machineUpdatesTemplate)
    }
}
