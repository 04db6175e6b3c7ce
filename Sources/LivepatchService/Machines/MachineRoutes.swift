import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// What machines ask: they register, check in, tell of what they do, and say goodbye.
struct MachineRoutes: Sendable {
    /// The most bytes of what a machine says at once.
    static let bodyLimit = 64 << 10

    let machines: MachineParts
    let tiers: TierStateCache
    let trust: TrustInspection
    let deployment: DeploymentID
    let meter: MachineMeter
    let entryMeter: EntryMeter
    let security: SecurityLog
    let governance: Governance
    let now: @Sendable () -> Date

    func add(to routes: Routes) {
        // The auth token that comes with it is the registrar's business.
        routes.on(.post, Paths.machineRegisterTemplate, for: .everybody) { request, context in
            try await governance.registering(request, on: context.channel) { try await register(request, context) }
        }
        routes.on(.get, Paths.machineInfoTemplate, for: .machines, information)
        routes.on(.post, Paths.machineUpdatesTemplate, for: .machines, update)
        routes.on(.post, Paths.machinePingsTemplate, for: .machines, ping)
        routes.on(.delete, Paths.machineTemplate, for: .machines, leave)
    }

    @Sendable private func register(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let id = try RequestReading.pathValue(MachineID.self, "machine-id", context)
        let decision: MachineRegistrar.Decision
        do {
            decision = try await entryMeter.measuring(.auth) {
                try await machines.registrar.register(id, with: BearerToken(in: request)?.secret)
            }
        } catch let error as LivepatchError where error.code == .machineLimit {
            security.record(.authTokenRefused("machine_limit", id: nil), request)
            throw error
        }
        switch decision {
        case .registered(let registration):
            security.record(.authTokenAccepted(registration.machine), request)
            security.record(.machineTokenCreated(registration.machine), request)
            // Only now: it takes reading what is signed. A machine that is not told its token registers once more.
            return try Answers.json(
                RegistrationBody(
                    machineToken: registration.secret, tier: registration.machine.tier, deployment: deployment,
                    trustedRoots: try await trust.roots()),
                status: .created)
        case .refused(let reason, let id):
            security.record(.authTokenRefused(reason.rawValue, id: id), request)
            throw MachineRegistrar.refusal
        }
    }

    @Sendable private func information(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let (identity, _) = try context.machine()
        let id = try RequestReading.pathValue(MachineID.self, "machine-id", context)
        guard let machine = try await machines.store.machine(identity.machine) else { throw MachineAuthority.refusal }
        return try Answers.json(
            MachineInformationBody(
                machineId: id, machine: machine, deployment: deployment, serverVersion: Release.version,
                checkInIntervalSeconds: Int(machines.interval.components.seconds)))
    }

    @Sendable private func update(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let arrival = now()
        let (identity, revision) = try context.machine()
        let report = try await RequestReading.body(MachineReport.self, of: request, limit: Self.bodyLimit)
        meter.count(report, isKernelKnown: try await machines.checkIn.knows(report.kernel, as: revision))
        return try Answers.json(
            try await machines.checkIn.answer(report, from: identity, as: revision, at: arrival))
    }

    @Sendable private func ping(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let arrival = now()
        let (identity, revision) = try context.machine()
        let ping = try await RequestReading.body(MachinePing.self, of: request, limit: Self.bodyLimit)
        let state = try await tiers.current(as: revision).state
        meter.count(
            ping, isKernelKnown: try await machines.checkIn.knows(ping.kernel, as: revision),
            isVersionKnown: state.reach[ping.patchVersion] != nil)
        try await machines.checkIn.note(ping, from: identity, at: arrival)
        return Answers.nothing
    }

    @Sendable private func leave(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let (identity, _) = try context.machine()
        guard let token = BearerToken(in: request) else { throw MachineAuthority.refusal }
        try await machines.authority.end(token.secret)
        security.record(.machineTokenEnded(identity), request)
        return Answers.nothing
    }
}
