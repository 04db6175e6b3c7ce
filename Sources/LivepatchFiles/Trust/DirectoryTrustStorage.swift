public import LivepatchKit
import Synchronization
public import TUF

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Trust in a directory, beside the database:
/// ```
/// published/origins/ID/        what this server has signed, as `timestamp.json`, `7.snapshot.json`, …
/// published/tiers/TIER/
/// upstream/origins/ID/         what it has verified of its upstream's, as `root.json`, `timestamp.json`, …
/// upstream/tiers/OWNER/TIER/
/// ```
/// Nothing of it is secret; whoever may write there decides what this server trusts.
public final class DirectoryTrustStorage: TrustStorage {
    private let published: Folder
    private let upstream: Folder
    private let calls: FileCalls
    private let lanes = BlockingLanes("livepatch.trust", count: 2)
    /// Directories that are known to be free of what an ended process left.
    private let tidied = Mutex<Set<Folder>>([])

    /// - Parameter path: the directory, which is made when something is first kept.
    public convenience init(at path: String) { self.init(at: path, calls: .system) }

    init(at path: String, calls: FileCalls) {
        let folder = Folder(path)
        published = folder.folder("published")
        upstream = folder.folder("upstream")
        self.calls = calls
    }

    // MARK: Published

    public func published(_ repository: MetadataRepository) async throws -> any PublishedMetadata {
        let folder =
            switch repository {
            case .origin(let deployment): published.folder("origins").folder(deployment.description)
            case .view(let tier): published.folder("tiers").folder(tier.description)
            }
        return DirectoryPublishedMetadata(folder: folder, calls: calls, lanes: lanes) { [self] in try tidy(folder) }
    }

    public func publishedViews() async throws -> [TierName] {
        let tiers = published.folder("tiers")
        return try await lanes.run {
            try tiers.names().compactMap { try? TierName(parsing: $0) }
                .filter { try !DirectoryPublishedMetadata.names(in: tiers.folder($0.description)).isEmpty }
        }
    }

    /// Deletes the temporary files of a process that was killed; there is one publisher.
    private func tidy(_ folder: Folder) throws {
        guard tidied.withLock({ $0.insert(folder).inserted }) else { return }
        for name in try folder.names() where name.hasSuffix(".tmp") { try folder.delete(name) }
    }

    // MARK: Trusted

    public func trusted(_ repository: TrustedRepository) async throws -> any MetadataCache {
        TrustedDirectory(folder: folder(of: repository), calls: calls, lanes: lanes)
    }

    public func trustedRepositories() async throws -> [TrustedRepository] {
        let (origins, owners) = (upstream.folder("origins"), upstream.folder("tiers"))
        return try await lanes.run {
            func deployments(in folder: Folder) throws -> [(id: DeploymentID, folder: Folder)] {
                try folder.names().compactMap { name in
                    (try? DeploymentID(parsing: name)).map { ($0, folder.folder(name)) }
                }
            }
            var repositories: [TrustedRepository] = []
            for (deployment, folder) in try deployments(in: origins) where try TrustedDirectory.isTrusted(folder) {
                repositories.append(.origin(deployment))
            }
            for (owner, folder) in try deployments(in: owners) {
                for tier in try folder.names().compactMap({ try? TierName(parsing: $0) })
                where try TrustedDirectory.isTrusted(folder.folder(tier.description)) {
                    repositories.append(.view(tier, owner: owner))
                }
            }
            return repositories
        }
    }

    public func forget(_ repository: TrustedRepository) async throws {
        let folder = folder(of: repository)
        let calls = calls
        try await lanes.run {
            // All at once: half of what was trusted must not be found by who begins anew. No name of anything begins with a point.
            let away = folder.above.folder(".\(String(UInt64.random(in: .min ... .max), radix: 16)).forgotten")
            if calls.rename(folder.path, away.path) == 0 {
                try folder.above.flush(calls: calls)
            } else if errno != ENOENT {
                throw FileFault.last("rename", folder.path)
            }
            for name in try folder.above.names() where name.hasPrefix(".") && name.hasSuffix(".forgotten") {
                let forgotten = folder.above.folder(name)
                for file in try forgotten.names() { try forgotten.delete(file) }
                guard rmdir(forgotten.path) == 0 || errno == ENOENT else { throw FileFault.last("delete", forgotten.path) }
            }
        }
    }

    private func folder(of repository: TrustedRepository) -> Folder {
        switch repository {
        case .origin(let deployment): upstream.folder("origins").folder(deployment.description)
        case .view(let tier, let owner):
            upstream.folder("tiers").folder(owner.description).folder(tier.description)
        }
    }
}

/// A repository's published files in a directory.
struct DirectoryPublishedMetadata: PublishedMetadata {
    let folder: Folder
    let calls: FileCalls
    let lanes: BlockingLanes
    /// Called before something is written.
    let tidy: @Sendable () throws -> Void

    func read(_ name: String) async throws -> [UInt8]? {
        guard Self.isName(name) else { return nil }
        let path = folder.file(name)
        return try await lanes.run { try SmallFile.read(path) }
    }

    func write(_ bytes: [UInt8], as name: String) async throws {
        guard Self.isName(name) else {
            throw LivepatchError(.internalFault, "'\(name)' is not the name of a metadata file.")
        }
        let (folder, calls, tidy) = (folder, calls, tidy)
        try await lanes.run {
            for changed in try folder.makeAll() { try changed.flush(calls: calls) }
            try tidy()
            try SmallFile.write(bytes, to: folder.file(name), mode: 0o640, replacing: true, calls: calls)
        }
    }

    func remove(_ names: [String]) async throws {
        let folder = folder
        // It does not matter when that reaches the medium.
        try await lanes.run {
            for name in names where Self.isName(name) { try folder.delete(name) }
        }
    }

    func names() async throws -> [String] {
        let folder = folder
        return try await lanes.run { try Self.names(in: folder) }
    }

    static func names(in folder: Folder) throws -> [String] { try folder.names().filter(isName) }

    /// Whether it is a name as clients ask for: percent-encoded, and so one of a file in this directory.
    private static func isName(_ name: String) -> Bool {
        name.hasSuffix(".json") && name.utf8.count <= 255
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._~%".utf8.contains(byte)
                }
            }
    }
}

/// What is trusted of a repository, in a directory that is made when something is first kept.
struct TrustedDirectory: MetadataCache {
    let folder: Folder
    let calls: FileCalls
    let lanes: BlockingLanes

    func read(_ role: String, limit: Int) async throws -> [UInt8]? {
        let path = Self.path(role, in: folder)
        return try await lanes.run { try SmallFile.read(path, limit: limit) }
    }

    func write(_ document: [UInt8], for role: String) async throws {
        let (folder, calls) = (folder, calls)
        try await lanes.run {
            for changed in try folder.makeAll() { try changed.flush(calls: calls) }
            try SmallFile.write(document, to: Self.path(role, in: folder), mode: 0o640, replacing: true, calls: calls)
        }
    }

    /// Whether there is a root, with which all trust begins.
    static func isTrusted(_ folder: Folder) throws(FileFault) -> Bool { try folder.names().contains("root.json") }

    private static func path(_ role: String, in folder: Folder) -> String {
        folder.file(FileName.encoded(role, suffix: ".json"))
    }
}
