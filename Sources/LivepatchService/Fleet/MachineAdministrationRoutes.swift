import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Machines, as administrators find, label and forget them.
struct MachineAdministrationRoutes: Sendable {
    let machines: MachineAdministration
    /// Whether the server keeps what its machines report.
    let keepsReports: Bool
    let security: SecurityLog

    /// The most hashes that are told of machines that are forgotten together.
    private static let toldIDs = 1000

    func add(to routes: Routes) {
        routes.on(.get, Paths.machines, for: .administrators(.read), list)
        routes.on(.get, Paths.machineCount, for: .administrators(.read), count)
        routes.change(Paths.machineForget, for: .administrators(.operate), forget)
        routes.on(.get, Paths.administeredMachineTemplate, for: .administrators(.read), show)
        routes.change(Paths.machineTagsTemplate, for: .administrators(.operate), tag)
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let wanted = try PageRequest(request)
        let after = try wanted.place(MachineAdministration.Place.init(parsing:))
        let page = try await machines.page(
            try Self.query(request), includesDownstreams: request.includesDownstreams, after: after, limit: wanted.limit)
        return try Answers.json(
            MachineListBody(
                machines: page.lines, next: page.next.map { PageCursor(key: $0.description).rawValue }, keepsReports: keepsReports
            ))
    }

    @Sendable private func count(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let count = try await machines.count(
            try Self.query(request), includesDownstreams: request.includesDownstreams)
        return try Answers.json(MachineCountBody(machines: count, keepsReports: keepsReports))
    }

    @Sendable private func show(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let limit = try RequestReading.number("history", in: 0...1000, of: request) ?? 20
        let machine = try await machines.machine(try RequestReading.pathText("machine", context))
        let history = try await machines.history(of: machine, limit: Int(limit))
        return try Answers.json(MachineDetailBody(machine: machine, history: history, keepsReports: keepsReports))
    }

    @Sendable private func tag(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let reference = try RequestReading.pathText("machine", context)
        let body = try await RequestReading.body(MachineTagsBody.self, of: request)
        let machine = try await machines.tag(reference, adding: body.add, removing: body.remove, by: session.user)
        security.record(.administration("machines tag \(machine.id.short)", by: session.user), request)
        return try Answers.json(machine)
    }

    @Sendable private func forget(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(MachineForgetBody.self, of: request)
        let ids = try await machines.meant(body.machines, body.query)
        let told = Array(ids.prefix(Self.toldIDs))
        guard !body.dryRun else {
            return try Answers.json(MachinesForgottenBody(machines: ids.count, ids: told, dryRun: true))
        }
        let action = "machines forget \(Self.words(for: ids, body.query))"
        let count = try await machines.forget(ids, action: action, by: session.user)
        security.record(.administration(action, by: session.user), request)
        return try Answers.json(MachinesForgottenBody(machines: count, ids: told, dryRun: false))
    }

    /// Which machines were meant, as the history says it.
    private static func words(for ids: [HashedMachineID], _ query: MachineQuery?) -> String {
        let filters = query?.parameters.map { "--\($0.name) \($0.value)" } ?? []
        return filters.isEmpty
            ? ids.prefix(5).map(\.short).joined(separator: " ") + (ids.count > 5 ? " … (\(ids.count) machines)" : "")
            : filters.joined(separator: " ") + " (\(ids.count) machines)"
    }

    private static func query(_ request: Request) throws -> MachineQuery {
        try MachineQuery(parameters: request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) })
    }
}
