import Foundation
import LivepatchFiles
import LivepatchKit
import Testing

@Suite struct DirectoryLockTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func lock(patience: Duration = .zero) throws -> DirectoryLock {
        try DirectoryLock(in: directory.path, patience: patience)
    }

    @Test func `any number may hold it shared, one alone exclusively`() async throws {
        let lock = try lock()
        let result = try await lock.withShared {
            try await lock.withShared {
                let error = await #expect(throws: LivepatchError.self) { try await lock.withExclusive {} }
                #expect(error?.code == .storageBusy)
                #expect(error?.message.contains(directory.path) == true)
                return 7
            }
        }
        #expect(result == 7)
        try await lock.withExclusive {
            let error = await #expect(throws: LivepatchError.self) { try await lock.withShared {} }
            #expect(error?.message.contains("another task of this process") == true)
        }
        #expect(try await lock.tryExclusive { 8 } == 8)
    }

    @Test func `trying returns nil at once if somebody holds it`() async throws {
        let lock = try lock(patience: .seconds(3600))
        let besideShared = try await lock.withShared { try await lock.tryExclusive { 1 } }
        let besideExclusive = try await lock.withExclusive { try await lock.tryExclusive { 1 } }
        #expect(besideShared == nil)
        #expect(besideExclusive == nil)
    }

    @Test func `a lock of another name is another lock`() async throws {
        let sync = try DirectoryLock(in: directory.path, name: "sync.lock", subject: "sync")
        let beside = try await lock().withExclusive { try await sync.tryExclusive { 1 } }
        #expect(beside == 1)
    }

    @Test func `what the body throws comes out, and the lock is free again`() async throws {
        let lock = try lock()
        await #expect(throws: CancellationError.self) { try await lock.withExclusive { throw CancellationError() } }
        #expect(try await lock.tryExclusive { 1 } == 1)
    }

    @Test func `whoever waits gets it when it becomes free`() async throws {
        let lock = try lock(patience: .seconds(60))
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (left, leave) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await lock.withExclusive {
                enter.finish()
                for await _ in left {}
            }
        }
        for await _ in entered {}
        let waiter = Task { try await lock.withShared { 5 } }
        leave.finish()
        #expect(try await waiter.value == 5)
        try await holder.value
    }

    @Test func `a cancelled wait ends`() async throws {
        let lock = try lock(patience: .seconds(3600))
        try await lock.withExclusive {
            let waiter = Task { try await lock.withShared {} }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/flock"), "needs flock of util-linux"),
        arguments: ["-s", "-x"])
    func `another process counts, until it ends, however it ends`(kind: String) async throws {
        let lock = try lock()
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        other.arguments = ["--no-fork", kind, directory.file("storage.lock"), "sh", "-c", "echo held; exec sleep 600"]
        let output = Pipe()
        other.standardOutput = output
        try other.run()
        defer { other.terminate() }
        #expect(output.fileHandleForReading.readData(ofLength: 5) == Data("held\n".utf8))

        #expect(try await lock.tryExclusive { 1 } == nil)
        let error = await #expect(throws: LivepatchError.self) { try await lock.withExclusive {} }
        #expect(error?.code == .storageBusy)
        if kind == "-s" {
            try await lock.withShared {}
        } else {
            await #expect(throws: LivepatchError.self) { try await lock.withShared {} }
        }

        kill(other.processIdentifier, SIGKILL)
        other.waitUntilExit()
        try await lock.withExclusive {}
    }
}
