import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import Logging
import PatchGenerator

/// A machine without a kernel that anything is put into: it checks in, downloads what it is offered, and says that it has it.
struct SoakMachine: Sendable {
    let number: Int
    let id: MachineID
    let token: String
    let kernel: MachineKernel
    private var applied: PatchVersion?

    /// - Parameter authToken: the secret that attaches it.
    static func attach(_ number: Int, kernel: KernelVersion, at url: String, with authToken: String) async throws -> SoakMachine {
        let id = try MachineID(parsing: "soak-\(number)")
        let answer = try await MachineClient.register(
            id, at: ServerAddress(parsing: url), with: authToken, logger: Self.silence)
        return SoakMachine(
            number: number, id: id, token: answer.machineToken,
            kernel: MachineKernel(version: kernel, flavour: try Flavour(parsing: "generic"), architecture: .amd64))
    }

    private init(number: Int, id: MachineID, token: String, kernel: MachineKernel) {
        self.number = number
        self.id = id
        self.token = token
        self.kernel = kernel
    }

    private static var silence: Logger { Logger(label: "soak") { _ in SwiftLogNoOpLogHandler() } }

    /// - Parameter url: `nil` while there is no server.
    func with<Value>(_ url: String?, _ body: (MachineClient) async throws -> Value) async throws -> Value {
        guard let url else { throw Office.Closed() }
        let timeouts = ConnectionTimeouts(connect: .seconds(3), idle: .seconds(15), total: .seconds(30))
        let client = try MachineClient(
            ServerAddress(parsing: url), machine: id, token: token, options: ConnectionOptions(timeouts: timeouts),
            logger: Self.silence)
        do {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }

    /// One round: what an agent does once in an hour.
    mutating func round(at url: String?, _ customer: Customer, _ random: inout SeededRandom) async {
        let (ledger, findings) = (customer.ledger, customer.findings)
        do {
            let answer = try await report(report(.needsCheck), at: url, ledger)
            if answer.revoked { applied = nil }
            guard let offer = answer.patch, offer.version != applied else { return findings.count("check-ins") }
            let status = await customer.download(offer.filename, from: url, token: token)
            guard status == 200 else { return }
            let isApplied = Int.random(in: 0..<5, using: &random) > 0
            if isApplied { applied = offer.version }
            var report = report(isApplied ? .applied : .applyFailed)
            if !isApplied { report.attemptedVersion = offer.version }
            _ = try await self.report(report, at: url, ledger)
            findings.count("check-ins")
        } catch {
            findings.count("check-ins that were not acknowledged")
        }
    }

    private func report(_ report: MachineReport, at url: String?, _ ledger: Ledger) async throws -> CheckInAnswer {
        try await with(url) { client in
            ledger.send(report, of: number)
            let answer = try await client.checkIn(report)
            ledger.acknowledge(reportOf: number)
            return answer
        }
    }

    private func report(_ state: PatchState) -> MachineReport {
        MachineReport(
            kernel: kernel, patchState: applied != nil && state == .needsCheck ? .applied : state, patchVersion: applied)
    }
}
