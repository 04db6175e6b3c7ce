import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit
import Logging

/// How the server is, for people and load balancers, without a credential: nothing here says more than what is wrong in one word.
struct HealthRoutes: Sendable {
    let catalog: any Catalog
    let storage: any PatchStorage
    let deployment: DeploymentID
    let started: Date
    /// The last sync's report; `nil` on a server that does not sync.
    let lastSync: (@Sendable () async throws -> SyncReport?)?
    /// `nil` where connections are not encrypted.
    let tls: ServerTLS?
    let now: @Sendable () -> Date

    /// Who vouches for administrators besides; `nil` for nobody.
    let identity: (any IdentityProvider)?

    func add(to routes: Routes) {
        routes.on(.get, Paths.root, for: .everybody, root)
        routes.on(.get, Paths.debugInformation, for: .everybody, information)
        routes.on(.get, Paths.debugStatus, for: .everybody, status)
    }

    @Sendable private func root(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let database = await state("database", context) { _ = try await catalog.revision() }
        return Answers.text(
            "livepatch-server \(Release.version): \(database == Self.good ? Self.good : "database \(database)")\n",
            status: database == Self.good ? .ok : .serviceUnavailable)
    }

    @Sendable private func information(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try Answers.json(ServerInformationBody(version: Release.version, deployment: deployment, started: started))
    }

    /// 503 if the server cannot do its work; a sync that failed is told, but what is here is served.
    @Sendable private func status(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let database = await state("database", context) { _ = try await catalog.revision() }
        let patches = await state("patch-storage", context) { _ = try await storage.freeBytes() }
        var body: ServerStatusBody = [
            "database": ServiceStatusBody(status: database), "patch-storage": ServiceStatusBody(status: patches),
        ]
        if let lastSync { body["patch-sync"] = ServiceStatusBody(status: await sync(lastSync)) }
        if let tls { body["tls"] = ServiceStatusBody(status: encryption(tls)) }
        if let identity { body["identity-provider"] = ServiceStatusBody(status: await identity.fault() ?? Self.good) }
        let isUp = database == Self.good && patches == Self.good
        return try Answers.json(body, status: isUp ? .ok : .serviceUnavailable)
    }

    private static let good = "OK"

    private func state(
        _ service: String, _ context: ServiceRequestContext, _ check: () async throws -> Void
    ) async -> String {
        do {
            try await check()
            return Self.good
        } catch {
            context.logger.error("A service is down.", metadata: ["service": "\(service)", "cause": "\(error)"])
            return (error as? LivepatchError)?.code.rawValue ?? LivepatchError.Code.internalFault.rawValue
        }
    }

    /// What is in force is served, whatever has come of the files meanwhile.
    private func encryption(_ tls: ServerTLS) -> String {
        if tls.expiring.contains(where: { $0.state(at: now()) == .expired }) { return "expired" }
        return tls.failure == nil ? Self.good : "not renewed"
    }

    private func sync(_ last: @Sendable () async throws -> SyncReport?) async -> String {
        guard let report = try? await last() else { return "no sync has ended yet" }
        switch report.result {
        case .complete, .unchanged: return Self.good
        case .partial, .failed:
            let reason = report.failures.first.map { " (\($0.code))" } ?? ""
            return "\(report.result.rawValue)\(reason) at \(Timestamp.text(report.ended))"
        }
    }
}
