import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit

/// A machine that does over the wire what a real one does, and has no kernel that anything is put into.
struct SimulatedMachine: Codable, Sendable {
    let server: String
    let id: MachineID
    let token: String
    let kernel: MachineKernel
    let booted: Date
    /// What is in its kernel, so to speak.
    var applied: PatchVersion?
    var state = PatchState.needsCheck
    var attempted: PatchVersion?
    var message: String?

    /// Attaches a new machine.
    static func attach(
        _ id: MachineID, kernel: MachineKernel, booted: Date, to server: ServerAddress, with authToken: String
    ) async throws -> SimulatedMachine {
        let answer = try await MachineClient.register(id, at: server, with: authToken)
        return SimulatedMachine(
            server: server.description, id: id, token: answer.machineToken, kernel: kernel, booted: booted)
    }

    /// Asks its server, takes what is offered or gives up what was revoked, and tells what became of it.
    mutating func checkIn(_ mishap: Mishap?) async throws {
        let client = try MachineClient(ServerAddress(parsing: server), machine: id, token: token)
        do {
            try await checkIn(client, mishap)
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    private mutating func checkIn(_ client: MachineClient, _ mishap: Mishap?) async throws {
        let answer = try await client.checkIn(report)
        let before = self
        if answer.revoked { applied = nil }
        if let offer = answer.patch, offer.version != applied {
            take(offer.version, mishap)
        } else {
            state = applied == nil ? .nothingToApply : .applied
            attempted = nil
            message = answer.message
        }
        guard before.state != state || before.applied != applied || before.attempted != attempted else { return }
        _ = try await client.checkIn(report)
    }

    private mutating func take(_ version: PatchVersion, _ mishap: Mishap?) {
        if let mishap, mishap.befalls(kernel, version) {
            state = .applyFailed
            attempted = version
            message = mishap.message
        } else {
            applied = version
            state = .applied
            attempted = nil
            message = nil
        }
    }

    private var report: MachineReport {
        var report = MachineReport(kernel: kernel, patchState: state, patchVersion: applied)
        report.attemptedVersion = attempted
        report.message = message
        report.bootTime = booted
        report.uptimeSeconds = Int64(Date().timeIntervalSince(booted))
        report.time = Date()
        report.cpuModel = "Simulated CPU"
        report.clientVersion = "simulate-machines/\(Release.version)"
        return report
    }
}

/// A patch that some kernels do not take.
struct Mishap: Sendable {
    let version: PatchVersion
    let kernels: KernelSeries
    let message = "The kernel refused the module: symbol 'tcp_v4_connect' not found in symbol table"

    func befalls(_ kernel: MachineKernel, _ version: PatchVersion) -> Bool {
        version == self.version && kernel.version.upstream.starts(with: kernels.numbers)
    }
}
