import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import Processes

/// Load and faults at once, then a look at every promise: machines, two downstreams and administrators at one server, while its upstream
/// flaps, its disk fills, its clock jumps, connections are cut and changed, and it is killed.
public enum Soak {
    /// - Parameter say: told what happens, a line at a time.
    public static func run(_ plan: SoakPlan, say: @escaping @Sendable (String) -> Void) async throws -> SoakResult {
        try await Surroundings.with { here in
            let findings = Findings()
            let stage = try await SoakStage(here, plan, findings)
            for skipped in stage.skipped { say("Left out: \(skipped)") }
            let load = try await Load(stage, plan)
            say("\(plan.seconds) s of load and faults, with \(plan.machines) machines, from the seed \(plan.seed)")
            let copy = plan.sabotage.contains(.forget) ? try await snapshot(stage) : nil
            do {
                try await load.run()
            } catch {
                findings.report(.alive, "\(error)")
            }
            try await clearUp(stage, copy)
            say("The faults are over; everything is compared")
            let inspection = Inspection(stage: stage, machines: load.machines)
            let start = ContinuousClock.now
            // A sync that was pausing between two attempts goes on by itself, after half a minute at most, one server after another.
            await inspection.converge(within: .seconds(plan.sabotage.isEmpty ? 150 : 15))
            say("Everybody was done after \((ContinuousClock.now - start).components.seconds) s")
            try await sabotage(stage, plan)
            try await inspection.check()
            for server in stage.servers.reversed() { try await server.stop() }
            return SoakResult(breaches: findings.breaches, counts: findings.counts, skipped: stage.skipped)
        }
    }

    /// Whatever was wrong is right again, and all servers run.
    private static func clearUp(_ stage: SoakStage, _ copy: String?) async throws {
        stage.become(.fair)
        stage.disk?.free()
        try stage.clock?.set(0)
        stage.origin.thaw()
        if let copy {
            try await stage.server.kill9()
            for name in try FileManager.default.contentsOfDirectory(atPath: stage.server.data) {
                try FileManager.default.removeItem(atPath: "\(stage.server.data)/\(name)")
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: copy) {
                try FileManager.default.copyItem(atPath: "\(copy)/\(name)", toPath: "\(stage.server.data)/\(name)")
            }
        }
        for server in stage.servers {
            server.checkAlive()
            if server.url == nil { try await server.start() }
        }
    }

    /// A copy of the server's data as it is now.
    private static func snapshot(_ stage: SoakStage) async throws -> String {
        let copy = stage.here.path("copy")
        try await stage.server.stop()
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: stage.server.data) {
            try FileManager.default.copyItem(atPath: "\(stage.server.data)/\(name)", toPath: "\(copy)/\(name)")
        }
        try await stage.server.start()
        return copy
    }

    private static func sabotage(_ stage: SoakStage, _ plan: SoakPlan) async throws {
        if plan.sabotage.contains(.tamper), let site = stage.sites.last {
            let folder = "\(site.server.data)/content"
            let files = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).filter { path in
                path.split(separator: "/").last?.count == 64
            }
            for file in files {
                let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(folder)/\(file)"))
                try handle.seek(toOffset: 100)
                try handle.write(contentsOf: Data("X!".utf8))
                try handle.close()
            }
        }
        if plan.sabotage.contains(.unblock) {
            let blocked = stage.ledger.blocked(at: stage.origin.name) + stage.ledger.blocked(at: stage.server.name)
            guard let version = stage.ledger.imported.map(\.version).min(by: { !blocked.contains($0) && blocked.contains($1) })
            else { return }
            _ = try await stage.office { try await $0.change(.block(version: version, reason: "sabotage")) }
            stage.ledger.block(version, at: stage.server.name)
            _ = try await stage.office { try await $0.change(.unblock(version: version, reason: "sabotage")) }
        }
    }
}
