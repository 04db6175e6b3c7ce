import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchHTTP
import LivepatchKit

/// Asks the server what the checks judge. What cannot be asked is a finding of its own.
struct DoctorRound {
    /// How long a downstream whose sync token is still good may be silent, in seconds.
    private static let downstreamPatience: TimeInterval = 86_400

    let context: AdminContext
    let checks: Set<DiagnosticCheckName>

    private var server: any AdministeredServer { context.server }

    /// In the order of the checks.
    func findings() async -> [DiagnosticFinding] {
        var findings: [DiagnosticFinding] = []
        let now = context.console.now()
        func add(_ check: some DiagnosticCheck) { findings += check.findings(at: now) }

        let reached = await connect(&findings)
        if checks.contains(.clearText) {
            add(ClearTextCheck(url: context.address, isUsed: ClearText.isUsed(by: context.address)))
        }
        if checks.contains(.certificate), let certificate = await server.certificate() {
            add(CertificateCheck(expires: certificate.expires, names: certificate.names, refusal: reached.refusal))
        }
        guard let information = reached.information else { return sorted(findings) }
        await ask(.clock, &findings) {
            let asked = context.console.now()
            guard let time = try await server.serverTime() else { return [] }
            return ClockCheck(server: time, asked: asked, answered: context.console.now()).findings(at: now)
        }
        guard checks.contains(where: \.needsLogin) else { return sorted(findings) }
        // Whoever is not logged in is told so once.
        let condition: DiagnosisBody
        do {
            condition = try await server.diagnosis()
        } catch {
            findings.append(DiagnosticFinding(.connection, failed: error))
            return sorted(findings)
        }
        for (name, check) in [
            (.disk, DiskCheck(condition.volumes)), (.database, DatabaseCheck(condition.database)),
            (.storage, StorageCheck(condition.storage, hasUpstream: !condition.upstreams.isEmpty)),
            (.upstream, UpstreamCheck(condition.upstreams)),
        ] as [(DiagnosticCheckName, any DiagnosticCheck)] where checks.contains(name) {
            findings += check.findings(at: now)
        }
        await ask(.tokens, &findings) { TokenCheck(try await tokens()).findings(at: now) }
        await ask(.trust, &findings) { TrustCheck(try await server.trust()).findings(at: now) }
        await ask(.sync, &findings) {
            let sync = try await server.syncStatus()
            return SyncCheck(
                isEnabled: sync.enabled, interval: .seconds(sync.intervalSeconds ?? 3600), last: sync.last,
                lastSuccess: sync.lastSuccess, started: information.started
            ).findings(at: now)
        }
        await ask(.downstreams, &findings) { DownstreamCheck(try await downstreams()).findings(at: now) }
        await ask(.webhooks, &findings) { WebhookCheck(try await server.webhooks().webhooks).findings(at: now) }
        return sorted(findings)
    }

    /// Whether the server is there.
    /// - Returns: what it says of itself, or why it was not believed.
    private func connect(_ findings: inout [DiagnosticFinding]) async -> (information: ServerInformationBody?, refusal: String?) {
        do {
            let information = try await server.information()
            let services = try await server.status().filter { $0.value.status != "OK" && $0.key != "patch-sync" }
            if checks.contains(.connection) {
                findings.append(
                    services.isEmpty
                        ? DiagnosticFinding(
                            .connection, .ok, "livepatch-server \(information.version) answers at \(context.address).")
                        : DiagnosticFinding(
                            .connection, .failure,
                            "The server answers, but \(services.map { "\($0.key) says \($0.value.status)" }.sorted().joined(separator: ", ")).",
                            advice: "Look into the server's log."))
            }
            return (information, nil)
        } catch {
            // Without it nothing else can be found out, whichever checks were asked for.
            findings.append(DiagnosticFinding(.connection, failed: error))
            return (
                nil, (error as? LivepatchError).map { String($0.message.drop { $0 != ":" }.dropFirst(2).prefix { $0 != "\n" }) }
            )
        }
    }

    private func ask(
        _ name: DiagnosticCheckName, _ findings: inout [DiagnosticFinding], _ body: () async throws -> [DiagnosticFinding]
    ) async {
        guard checks.contains(name) else { return }
        do { findings += try await body() } catch { findings.append(DiagnosticFinding(name, failed: error)) }
    }

    private func tokens() async throws -> [TokenCheck.Token] {
        try await server.syncTokens().syncTokens.filter { $0.state != .revoked }
            .map { TokenCheck.Token(kind: "sync token", name: $0.name, validUntil: $0.validUntil, lastUsed: $0.lastUsed) }
            + server.authTokens().authTokens.filter { $0.state == .active }
            .map { TokenCheck.Token(kind: "auth token", name: $0.id, validUntil: $0.validUntil) }
    }

    /// Those that have asked with a token that is still good, and those that report.
    private func downstreams() async throws -> [DownstreamCheck.Downstream] {
        let asking = try await server.syncTokens().syncTokens.filter { $0.state == .active }.compactMap { token in
            token.lastUsed.map {
                DownstreamCheck.Downstream(
                    name: "with the sync token '\(token.name)'", lastHeard: $0, patience: Self.downstreamPatience)
            }
        }
        let reporting = try await server.fleetSummary(includeDownstream: true).deployments.dropFirst().map {
            DownstreamCheck.Downstream(name: "\($0.deployment)", lastHeard: $0.asOf, patience: $0.isStale ? 0 : .infinity)
        }
        return asking + reporting
    }

    private func sorted(_ findings: [DiagnosticFinding]) -> [DiagnosticFinding] {
        let order = DiagnosticCheckName.allCases
        return order.flatMap { name in findings.filter { $0.check == name } }
    }
}

extension DiagnosticCheckName {
    fileprivate var needsLogin: Bool {
        switch self {
        case .connection, .clearText, .certificate, .clock: false
        case .tokens, .trust, .disk, .database, .storage, .sync, .upstream, .downstreams, .webhooks: true
        }
    }
}
