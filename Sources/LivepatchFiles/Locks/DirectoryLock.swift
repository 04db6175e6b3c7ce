public import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock between tasks and processes that share a directory: `flock` on a file in it, so that the end of a process, however it
/// comes, frees what it held. The file stays; its text names the process that holds the lock exclusively.
public struct DirectoryLock: StorageLock {
    private let folder: Folder
    private let name: String
    private let subject: String
    private let patience: Duration
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - directory: the directory; it is made where it is missing.
    ///   - name: the lock's file in it.
    ///   - subject: what is locked, for errors: `patch storage`.
    ///   - patience: how long to wait for others before giving up.
    ///   - clock: what the waiting is measured by.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public init(
        in directory: String, name: String = "storage.lock", subject: String = "patch storage", patience: Duration = .seconds(30),
        clock: any Clock<Duration> = ContinuousClock()
    ) throws {
        folder = Folder(directory)
        self.name = name
        self.subject = subject
        self.patience = patience
        self.clock = clock
        do {
            _ = try folder.makeAll()
        } catch {
            throw error.error
        }
    }

    public func withShared<Value>(_ body: () async throws -> Value) async throws -> Value {
        let file = try await wait(exclusively: false)
        defer { release(file) }
        return try await body()
    }

    public func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value {
        let file = try await wait(exclusively: true)
        defer { release(file) }
        return try await body()
    }

    public func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value? {
        guard let file = try take(exclusively: true) else { return nil }
        defer { release(file) }
        return try await body()
    }

    private func wait(exclusively: Bool) async throws -> OpenFile {
        // flock() cannot wait with a deadline, so it is tried again, soon at first.
        var pause = Duration.milliseconds(2)
        var waited = Duration.zero
        while true {
            if let file = try take(exclusively: exclusively) { return file }
            guard waited < patience else {
                throw LivepatchError(
                    .storageBusy, "The \(subject) in '\(folder.path)' is in use by \(holder()).",
                    suggestion: "Wait until that has ended, then try again.")
            }
            try await clock.sleep(for: pause)
            waited += pause
            pause = min(pause * 2, .milliseconds(100))
        }
    }

    /// A few microseconds, so it is done on the caller's thread.
    private func take(exclusively: Bool) throws -> OpenFile? {
        do {
            let file = try OpenFile(folder.file(name), for: .writing)
            guard try file.tryLock(exclusively: exclusively) else { return nil }
            // The text helps the reader of an error; the lock does not depend on it.
            try? file.truncate()
            if exclusively { _ = file.write(Array("\(getpid())\n".utf8), at: 0, calls: .system) }
            return file
        } catch {
            throw error.error
        }
    }

    /// Frees the lock now, not when the last reference to the file goes.
    private func release(_ file: OpenFile) { flock(file.descriptor, LOCK_UN) }

    private func holder() -> String {
        guard let file = try? OpenFile(folder.file(name), for: .reading), let bytes = try? file.read(at: 0, count: 32),
            let process = Int32(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self))
        else { return "another task or process" }
        return process == getpid() ? "another task of this process" : "process \(process)"
    }
}
