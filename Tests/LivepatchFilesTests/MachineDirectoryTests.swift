import FoundationEssentials
import LivepatchKit
import Testing

@testable import LivepatchFiles

@Suite struct `An agent's directory` {
    private func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        try await body(directory.path)
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func attachment() throws -> MachineAttachment {
        MachineAttachment(
            server: "https://patches.example.com", machine: try MachineID(parsing: "883c4f15"),
            deployment: try DeploymentID(parsing: "site"), tier: try TierName(parsing: "edge"),
            enabled: Date(timeIntervalSince1970: 1_700_000_000), trustedRoots: [SHA256Digest(of: [1])],
            wishes: MachineWishes(cutoffDate: Date(timeIntervalSince1970: 1_710_000_000), patchDelaySeconds: 60),
            httpsProxy: "http://proxy:3128", noProxy: ["10.0.0.0/8"])
    }

    private func lock() throws -> CrashLock {
        CrashLock(
            version: PatchVersion(107, 1),
            kernel: MachineKernel(
                version: try KernelVersion(parsing: "6.1.0-56.192.2"), flavour: try Flavour(parsing: "cloud-amd64"),
                architecture: .amd64), bootID: "boot-1", time: Date(timeIntervalSince1970: 1_700_000_000))
    }

    @Test func `keeps an attachment for its owner alone`() async throws {
        try await withTemporaryDirectory { path async throws in
            let directory = MachineDirectory("\(path)/var/agent")
            #expect(try await directory.attachment() == nil)
            #expect(try await directory.token() == nil)
            let attachment = try attachment()
            try await directory.attach(attachment, token: "secret", authorities: [1, 2], moduleCertificate: nil)
            #expect(try await directory.attachment() == attachment)
            #expect(try await directory.token() == "secret")
            #expect(try await directory.authorities() == [1, 2])
            #expect(try await directory.moduleCertificate() == nil)
            #expect(try mode(directory.path) == 0o700)
            for name in ["machine.json", "token", "ca.pem"] { #expect(try mode("\(directory.path)/\(name)") == 0o600) }
            // Attached anew, without what was given before.
            try await directory.attach(attachment, token: "other", authorities: nil, moduleCertificate: [3])
            #expect(try await directory.token() == "other")
            #expect(try await directory.authorities() == nil)
            #expect(try await directory.moduleCertificate() == [3])
            try await directory.detach()
            #expect(try await directory.attachment() == nil)
            #expect(try await directory.token() == nil)
        }
    }

    @Test func `closes a directory that others could use`() async throws {
        try await withTemporaryDirectory { path async throws in
            try FileManager.default.createDirectory(atPath: "\(path)/agent", withIntermediateDirectories: false)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(path)/agent")
            try MachineDirectory("\(path)/agent").make()
            #expect(try mode("\(path)/agent") == 0o700)
        }
    }

    @Test func `keeps what an agent remembers, and what the machine may go down with`() async throws {
        try await withTemporaryDirectory { path async throws in
            let directory = MachineDirectory(path)
            #expect(try await directory.memory() == AgentMemory())
            var memory = AgentMemory()
            memory.state = .applyFailed
            memory.attempted = PatchVersion(107, 1)
            memory.message = "It failed."
            memory.crashes = [try lock()]
            try await directory.keep(memory)
            #expect(try await directory.memory() == memory)
            #expect(try await directory.crashLock() == nil)
            try await directory.setCrashLock(lock())
            #expect(try await directory.crashLock() == (try lock()))
            #expect(try mode("\(path)/crash.json") == 0o600)
            // Another process sees it.
            #expect(try await MachineDirectory(path).crashLock() == (try lock()))
            try await directory.setCrashLock(nil)
            try await directory.setCrashLock(nil)
            #expect(try await directory.crashLock() == nil)
            // An attachment to another server does not change what is in the kernel.
            try await directory.attach(attachment(), token: "t", authorities: nil, moduleCertificate: nil)
            #expect(try await directory.memory() == memory)
        }
    }

    @Test func `tells a damaged attachment, and does without a damaged memory`() async throws {
        try await withTemporaryDirectory { path async throws in
            let directory = MachineDirectory(path)
            try Data("{".utf8).write(to: URL(filePath: "\(path)/memory.json"))
            #expect(try await directory.memory() == AgentMemory())
            try Data("{}".utf8).write(to: URL(filePath: "\(path)/machine.json"))
            let error = await #expect(throws: LivepatchError.self) { try await directory.attachment() }
            #expect(error?.code == .configurationInvalid)
            #expect(error?.message.contains("\(path)/machine.json") == true)
        }
    }

    @Test func `two rounds exclude each other, and one service the next`() async throws {
        try await withTemporaryDirectory { path async throws in
            let directory = MachineDirectory(path)
            let held: Void? = try await directory.serviceLock().tryExclusive { () async throws in
                #expect(try await directory.serviceLock().tryExclusive { true } == nil)
                // A round goes on all the same.
                #expect(try await directory.roundLock().tryExclusive { true } == true)
            }
            #expect(held != nil)
        }
    }
}
