import Foundation
import Processes
import Testing

/// Real live patches in a real, running kernel; its agent asks the lowest of three servers.
@Suite("A real kernel", .serialized, .timeLimit(.minutes(20))) struct RealKernelTests {
    @Test("is patched by what the origin released, patched anew by a promotion, and set back by blocks; the origin hears of each")
    func delivery() async throws {
        let kernel = try await RealKernel.get()
        try await Surroundings.with { here in
            let chain = try await PatchedChain.start(in: here)
            for file in [RealKernel.File.first, .second, .elsewhere] {
                try await chain.origin(["patch", "import", kernel.path(file)])
            }
            // What is newest of all is for a kernel that is so near to this one that it would load.
            try await chain.origin("patch promote 106.1 stable")
            try await chain.release("patch promote 100.1 stable")
            let token = try await chain.site.authToken("machines", "stable")

            try await VirtualMachine.with(kernel, in: here) { machine in
                #expect(try await machine("uname -r") == "\(kernel.release)\n")
                let booted = try await machine.commandLine()
                #expect(booted.contains("console=ttyS0"))
                try await machine("livepatch-agent enable \(token) --server \(chain.address)")
                // The service: it patches the kernel by itself, and goes on asking.
                try await machine("livepatch-agent run >/run/agent.log 2>&1 & echo $! >/run/agent.pid")
                try await machine.becomes("patched by 100.1")
                #expect(try await machine("ls /sys/kernel/livepatch") == "livepatch_first\n")
                // The kernel shows it before the agent has noticed, noted and reported it.
                try await chain.hears(of: "100.1", "1 0 0")
                #expect(try await chain.site.health("100.1") == "1 0 0")
                let status = try await machine("livepatch-agent status")
                #expect(status.contains("100.1"), "\(status)")
                #expect(try status.contains(kernel.version), "\(status)")
                #expect(try await chain.origin("report machines stable --quiet").isEmpty, "it is not the origin's own")

                try await chain.release("patch promote 101.1 stable")
                try await machine.becomes("patched by 101.1")
                // What was replaced is taken out when the kernel has let go of it.
                try await eventually("the first patch is gone", within: VirtualMachine.patience) {
                    let patches = try await machine("ls /sys/kernel/livepatch")
                    let modules = try await machine("cat /proc/modules")
                    return patches == "livepatch_second\n" && !modules.contains("livepatch_first")
                }
                try await chain.hears(of: "101.1", "1 0 0")
                try await chain.hears(of: "100.1", "0 0 0")

                // An orderly end leaves the patch in the kernel, and no lock that would look like a crash.
                #expect(try await machine("cat /var/lib/livepatch-agent/crash.json").contains("101.1"))
                try await machine("kill -TERM $(cat /run/agent.pid)")
                try await eventually("the service has ended", within: VirtualMachine.patience) {
                    try await machine.run("kill -0 $(cat /run/agent.pid)").status != 0
                }
                #expect(try await machine.run("test -e /var/lib/livepatch-agent/crash.json").status == 1)
                #expect(try await machine.commandLine() == "patched by 101.1")
                #expect(try await machine("cat /run/agent.log").contains("is at work"))

                try await chain.release("patch block 101.1 --reason crashes")
                try await machine("livepatch-agent refresh")
                #expect(try await machine.commandLine() == "patched by 100.1")
                try await chain.release("patch block 100.1 --reason crashes")
                try await machine("livepatch-agent refresh")
                #expect(try await machine.commandLine() == booted)
                #expect(try await machine("ls /sys/kernel/livepatch") == "")
                try await chain.hears(of: "100.1", "0 0 0")
                #expect(try await machine("livepatch-agent status --format json").contains("nothing-to-apply"))
            }
        }
    }

    @Test("gets no module at all from an honest origin that is for another release or is not a live patch")
    func imports() async throws {
        let kernel = try await RealKernel.get()
        try await Surroundings.with { here in
            let origin = try await here.server("origin").administrator()
            for (file, words) in [
                (RealKernel.File.otherRelease, ["was built for the kernel", try kernel.release]),
                (.notLivepatch, ["is not a live patch", "livepatch=Y"]),
            ] {
                let refused = try await origin.run(["patch", "import", kernel.path(file)])
                #expect(refused.status == 65, "\(refused)")
                for word in words { #expect(refused.output.contains(word), "\(refused)") }
            }
            #expect(try await origin("patch list --quiet").isEmpty)
        }
    }

    @Test(
        "refuses what signatures cannot tell from a good patch, and what was changed at its server; keeps what it has, and tells why"
    )
    func refusals() async throws {
        let kernel = try await RealKernel.get()
        try await Surroundings.with { here in
            try await CarelessOrigin(dataDirectory: here.path("origin")).take(
                [RealKernel.File.unknownFunction, .otherRelease, .notLivepatch, .third].map { try kernel.path($0) },
                lookingInto: kernel.path(.first))
            let chain = try await PatchedChain.start(in: here)
            try await chain.release("patch promote 100.1 stable")
            let token = try await chain.site.authToken("machines", "stable")

            let roots = try await chain.origin("trust status --quiet").split(separator: "\n").map { "--trusted-root \($0)" }
            try await VirtualMachine.with(kernel, in: here) { machine in
                try await machine("livepatch-agent enable \(token) --server \(chain.address) \(roots.joined(separator: " "))")
                try await machine("livepatch-agent refresh")
                #expect(try await machine.commandLine() == "patched by 100.1")

                /// Releases a version that has to be refused, with what the machine says then, and the site knows of it.
                func refuses(
                    _ version: String, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
                ) async throws {
                    try await chain.release("patch promote \(version) stable")
                    let refused = try await machine.run("livepatch-agent refresh")
                    #expect([65, 70].contains(refused.status), "\(refused)", sourceLocation: sourceLocation)
                    let failed = try await chain.site("report machines stable \(version) apply-failed --format json")
                    let status = try await machine("livepatch-agent status --format json")
                    for word in ["apply-failed", "100.1"] {
                        #expect(status.contains(word), "\(status)", sourceLocation: sourceLocation)
                    }
                    #expect(try await chain.site.health(version) == "0 1 0", sourceLocation: sourceLocation)
                    for word in words {
                        #expect(refused.errors.contains(word), "\(refused)", sourceLocation: sourceLocation)
                        #expect(status.contains(word), "\(status)", sourceLocation: sourceLocation)
                        #expect(failed.contains(word), "\(failed)", sourceLocation: sourceLocation)
                    }
                    #expect(try await machine.commandLine() == "patched by 100.1", sourceLocation: sourceLocation)
                    #expect(try await machine("ls /sys/kernel/livepatch") == "livepatch_first\n", sourceLocation: sourceLocation)
                    try await chain.release("patch block \(version) --reason bad")
                    try await machine("livepatch-agent refresh")
                    #expect(try await machine.commandLine() == "patched by 100.1", sourceLocation: sourceLocation)
                }
                // This one the kernel itself finds wrong.
                try await refuses("102.1", saying: "no_such_function_in_any_kernel")
                // This one it would have loaded.
                try await refuses("103.1", saying: "was built for the kernel", kernel.release)
                try await refuses("104.1", saying: "is not a live patch")

                // This one was changed where the site keeps it.
                try await chain.release("patch promote 105.1 stable")
                let content = try chain.content(of: kernel.path(.third))
                var bytes = try Data(contentsOf: content)
                bytes[100] ^= 1
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: content.path)
                try bytes.write(to: content)
                let refused = try await machine.run("livepatch-agent refresh")
                #expect(refused.status == 65 && refused.errors.contains("SHA-256"), "\(refused)")
                #expect(try await machine.commandLine() == "patched by 100.1")
                #expect(try await machine("livepatch-agent status --format json").contains("apply-failed"))
                let health = try await chain.site("report patch-health stable 105.1")
                #expect(health.contains("apply-failed") && health.contains("SHA-256"), "\(health)")

                try await chain.site("storage verify --repair")
                try await machine("livepatch-agent refresh")
                #expect(try await machine.commandLine() == "patched by 105.1")
            }
        }
    }
}
