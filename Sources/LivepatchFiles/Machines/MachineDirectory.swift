public import LivepatchKit

/// What an agent keeps on its machine:
/// ```
/// machine.json     how the machine is attached (MachineAttachment)
/// token            the machine token
/// ca.pem           the certificate authorities that the server's certificate may be from, if they were given
/// module.pem       the certificate that modules have to be signed by, if one was given
/// memory.json      what the agent remembers (AgentMemory)
/// crash.json       the patch that is in the kernel and not proven yet (CrashLock)
/// view.json        what the server showed when an offer was last proven (RecordedView)
/// trust/           what is trusted of the server's signed repositories
/// content/ staging/    fetched patch files
/// agent.lock run.lock  held during a round; held by the service
/// ```
/// The directory has the mode 0700 and its files 0600. What is written is on the medium when the call returns, and replaces what was
/// there in one step.
public struct MachineDirectory: AgentMemoryStorage {
    /// Where it is if nobody says otherwise.
    public static let usual = "/var/lib/livepatch-agent"
    private static let limit = 1 << 20
    /// For a view, which holds the list of a patch version's files.
    private static let viewLimit = 64 << 20

    public let path: String
    private let folder: Folder
    private let lanes = BlockingLanes("livepatch.machine", count: 1)

    public init(_ path: String = usual) {
        self.path = path
        folder = Folder(path)
    }

    /// The directory of ``DirectoryTrustStorage``.
    public var trust: String { folder.file("trust") }

    /// Makes the directory if it is not there, and closes it to others.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`, `storage-full` or `permission-missing`.
    public func make() throws {
        do {
            for changed in try folder.makeAll(mode: 0o700) { try changed.flush(calls: .system) }
            try folder.changeMode(0o700)
        } catch {
            throw Self.words(error)
        }
    }

    /// The lock that keeps two rounds apart, whichever processes they run in.
    public func roundLock() throws -> DirectoryLock {
        try make()
        return try DirectoryLock(in: path, name: "agent.lock", subject: "state of the agent", patience: .seconds(120))
    }

    /// The lock that the service holds as long as it runs.
    public func serviceLock() throws -> DirectoryLock {
        try make()
        return try DirectoryLock(in: path, name: "run.lock", subject: "service of the agent", patience: .zero)
    }

    // MARK: The attachment

    /// - Returns: `nil` if the machine is not attached.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if the file cannot be read as one.
    public func attachment() async throws -> MachineAttachment? { try await read("machine.json", as: MachineAttachment.self) }

    /// The machine token; `nil` if there is none.
    public func token() async throws -> String? {
        try await read("token").map { String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self) }
    }

    /// The certificates in ``ca.pem``; `nil` if none were given.
    public func authorities() async throws -> [UInt8]? { try await read("ca.pem") }

    /// The certificate in ``module.pem``; `nil` if none was given.
    public func moduleCertificate() async throws -> [UInt8]? { try await read("module.pem") }

    /// Keeps everything of an attachment. What was trusted before is forgotten, so that trust begins anew.
    /// The attachment itself comes last: without it the machine is not attached.
    public func attach(
        _ attachment: MachineAttachment, token: String, authorities: [UInt8]?, moduleCertificate: [UInt8]?
    ) async throws {
        try make()
        try await remove(["machine.json", "view.json"])
        try await forgetTrust()
        try await write(Array("\(token)\n".utf8), to: "token")
        try await write(authorities, to: "ca.pem")
        try await write(moduleCertificate, to: "module.pem")
        try await write(DocumentCoding.encode(attachment), to: "machine.json")
    }

    /// Forgets the attachment, and what is trusted. What is remembered of the kernel stays: it is still true.
    public func detach() async throws {
        try await remove(["machine.json", "token", "ca.pem", "module.pem", "view.json"])
        try await forgetTrust()
    }

    private func forgetTrust() async throws {
        let trust = DirectoryTrustStorage(at: trust)
        for repository in try await trust.trustedRepositories() { try await trust.forget(repository) }
    }

    // MARK: What is remembered

    public func memory() async throws -> AgentMemory {
        do {
            return try await read("memory.json", as: AgentMemory.self) ?? AgentMemory()
        } catch let error as LivepatchError where error.code == .configurationInvalid {
            // It can be found out again; only what the machine went down with cannot, and that has a file of its own as well.
            return AgentMemory()
        }
    }

    public func keep(_ memory: AgentMemory) async throws { try await write(DocumentCoding.encode(memory), to: "memory.json") }

    public func crashLock() async throws -> CrashLock? { try await read("crash.json", as: CrashLock.self) }

    public func setCrashLock(_ lock: CrashLock?) async throws {
        try await write(lock.map { try DocumentCoding.encode($0) }, to: "crash.json")
    }

    public func view() async throws -> RecordedView? {
        do {
            return try await read("view.json", as: RecordedView.self, limit: Self.viewLimit)
        } catch let error as LivepatchError where error.code == .configurationInvalid {
            return nil
        }
    }

    public func setView(_ view: RecordedView?) async throws {
        try await write(view.map { try DocumentCoding.encode($0) }, to: "view.json")
    }

    // MARK: Files

    private func read<Value: Decodable>(
        _ name: String, as type: Value.Type, limit: Int = Self.limit
    ) async throws -> Value? {
        guard let bytes = try await read(name, limit: limit) else { return nil }
        do {
            return try DocumentCoding.decode(type, from: bytes)
        } catch {
            throw LivepatchError(
                .configurationInvalid, "'\(folder.file(name))' cannot be read: \(DocumentCoding.reason(error)).",
                suggestion: "It is damaged: attach the machine anew with 'livepatch-agent enable'.", cause: error)
        }
    }

    private func read(_ name: String, limit: Int = Self.limit) async throws -> [UInt8]? {
        try await called { [folder] in try SmallFile.read(folder.file(name), limit: limit) }
    }

    /// - Parameter bytes: `nil` to have no such file.
    private func write(_ bytes: [UInt8]?, to name: String) async throws {
        try await called { [folder] in
            if let bytes {
                try SmallFile.write(bytes, to: folder.file(name), mode: 0o600, replacing: true)
            } else if try folder.delete(name) {
                try folder.flush(calls: .system)
            }
        }
    }

    private func remove(_ names: [String]) async throws {
        try await called { [folder] in
            for name in names { try folder.delete(name) }
            try folder.flush(calls: .system)
        }
    }

    private func called<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await lanes.run {
            do { return try body() } catch let fault as FileFault { throw Self.words(fault) }
        }
    }

    private static func words(_ fault: FileFault) -> LivepatchError {
        guard fault.isRefused else { return fault.error }
        return LivepatchError(
            .permissionMissing, "\(fault.error.message)",
            suggestion: "Only root may use the agent's state: run it as root (sudo).")
    }
}
