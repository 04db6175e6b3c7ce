public import FoundationEssentials

/// What only a server itself can find out about itself.
public struct ServerCondition: Hashable, Sendable, Codable {
    /// A file system that the server writes to.
    public struct Volume: Hashable, Sendable, Codable {
        /// What is on it: `data` or `patches`.
        public let name: String
        public let freeBytes: Int64
        public let totalBytes: Int64

        public init(name: String, freeBytes: Int64, totalBytes: Int64) {
            self.name = name
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
        }
    }

    /// What a look through the database found.
    public struct Database: Hashable, Sendable, Codable {
        public let bytes: Int64
        /// What is damaged; `nil` if the look was given up because it took too long.
        public let damage: [String]?

        public init(bytes: Int64, damage: [String]?) {
            self.bytes = bytes
            self.damage = damage
        }
    }

    /// What is known of the stored content.
    public struct Storage: Hashable, Sendable, Codable {
        public let files: Int
        /// Files whose content the last verification, or a delivery, did not find whole.
        public let unavailable: Int
        /// Files whose content is fetched when it is first asked for; `nil` for none.
        public let awaited: Int?
        /// How many contents were hashed for this answer.
        public let sampled: Int
        /// The files among these whose content is not what it should be.
        public let damaged: [PatchFileName]

        public init(files: Int, unavailable: Int, awaited: Int? = nil, sampled: Int, damaged: [PatchFileName]) {
            self.files = files
            self.unavailable = unavailable
            self.awaited = awaited
            self.sampled = sampled
            self.damaged = damaged
        }
    }

    /// What an upstream answered.
    public struct Upstream: Hashable, Sendable, Codable {
        public let address: String
        /// What was wrong; `nil` if nothing was.
        public let problem: String?
        /// What to do about it.
        public let advice: String?

        public init(address: String, problem: String? = nil, advice: String? = nil) {
            self.address = address
            self.problem = problem
            self.advice = advice
        }
    }

    /// The server's time.
    public let time: Date
    public let started: Date
    public let volumes: [Volume]
    public let database: Database
    public let storage: Storage
    /// In the order in which they are tried; none at an origin.
    public let upstreams: [Upstream]

    public init(
        time: Date, started: Date, volumes: [Volume], database: Database, storage: Storage, upstreams: [Upstream]
    ) {
        self.time = Timestamp.wholeSecond(time)
        self.started = started
        self.volumes = volumes
        self.database = database
        self.storage = storage
        self.upstreams = upstreams
    }
}

/// The room that is left.
public struct DiskCheck: DiagnosticCheck {
    static let warningShare = 0.10
    static let failureShare = 0.03
    /// In bytes; a large disk's tenth is much.
    static let plenty: Int64 = 20 << 30
    static let scarce: Int64 = 256 << 20

    public let volumes: [ServerCondition.Volume]

    public init(_ volumes: [ServerCondition.Volume]) { self.volumes = volumes }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        volumes.map { volume in
            let share = volume.totalBytes > 0 ? Double(volume.freeBytes) / Double(volume.totalBytes) : 0
            let words =
                "\(volume.freeBytes >> 20) MiB, \(Int(share * 100)) %, are free where the server keeps its \(volume.name)."
            let state: DiagnosticFinding.State =
                if volume.freeBytes >= Self.plenty {
                    .ok
                } else if share < Self.failureShare || volume.freeBytes < Self.scarce {
                    .failure
                } else {
                    share < Self.warningShare ? .warning : .ok
                }
            return DiagnosticFinding(
                .disk, state, words,
                advice: state == .ok
                    ? nil
                    : "Make room: `livepatch-admin storage gc`, narrower filters, a larger disk. On a full disk nothing is taken in."
            )
        }
    }
}

/// Whether the database is whole.
public struct DatabaseCheck: DiagnosticCheck {
    public let database: ServerCondition.Database

    public init(_ database: ServerCondition.Database) { self.database = database }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        guard let damage = database.damage else {
            return [
                DiagnosticFinding(
                    .database, .warning, "The database was not looked through to its end: it is large, or its disk is slow.",
                    advice: "Take a backup, and run `sqlite3 BACKUP 'PRAGMA quick_check'` on its copy.")
            ]
        }
        guard let first = damage.first else { return [DiagnosticFinding(.database, .ok, "The database is whole.")] }
        return [
            DiagnosticFinding(
                .database, .failure,
                "The database is damaged: \(first)\(damage.count > 1 ? ", and \(damage.count - 1) more" : "").",
                advice: "Restore the last good backup (Documentation/operations.md), and look at the disk.")
        ]
    }
}

/// Whether the stored content is whole, as far as is known.
public struct StorageCheck: DiagnosticCheck {
    public let storage: ServerCondition.Storage
    /// Whether there is somebody to fetch awaited content from.
    public let hasUpstream: Bool

    public init(_ storage: ServerCondition.Storage, hasUpstream: Bool) {
        self.storage = storage
        self.hasUpstream = hasUpstream
    }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        var findings: [DiagnosticFinding] = []
        let repair = "Run `livepatch-admin storage verify --repair`; at an origin import the files again."
        if let first = storage.damaged.first {
            let more = storage.damaged.count > 1 ? " and \(storage.damaged.count - 1) more" : ""
            findings.append(
                DiagnosticFinding(
                    .storage, .failure,
                    "Of \(storage.sampled) files that were looked at, \(first)\(more) are damaged or missing.",
                    advice: "\(repair) And look at the disk."))
        }
        if storage.unavailable > 0 {
            findings.append(
                DiagnosticFinding(
                    .storage, .failure, "Of \(storage.files) files \(storage.unavailable) are listed, but not there.",
                    advice: repair))
        }
        let awaited = storage.awaited ?? 0
        if awaited > 0, !hasUpstream {
            findings.append(
                DiagnosticFinding(
                    .storage, .failure,
                    "Of \(storage.files) files \(awaited) have never been fetched, and there is no upstream to fetch them from.",
                    advice: "Set patch-sync.enabled and what belongs to it, or apply a bundle that has the files."))
        }
        guard findings.isEmpty else { return findings }
        let there =
            awaited == 0
            ? "All \(storage.files) files are there" : "\(storage.files - awaited) of \(storage.files) files are there"
        let rest = awaited == 0 ? "" : " The other \(awaited) are fetched from the upstream when they are first asked for."
        return [
            DiagnosticFinding(
                .storage, .ok, "\(there); \(storage.sampled) were looked at and are whole.\(rest)")
        ]
    }
}

/// Whether the upstreams answer, and are no loop.
public struct UpstreamCheck: DiagnosticCheck {
    public let upstreams: [ServerCondition.Upstream]

    public init(_ upstreams: [ServerCondition.Upstream]) { self.upstreams = upstreams }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        guard !upstreams.isEmpty else {
            return [DiagnosticFinding(.upstream, .ok, "The server has no upstream: it is an origin.")]
        }
        let works = upstreams.contains { $0.problem == nil }
        return upstreams.map { upstream in
            guard let problem = upstream.problem else {
                return DiagnosticFinding(.upstream, .ok, "The upstream \(upstream.address) answers.")
            }
            // While another one answers, patches come.
            return DiagnosticFinding(.upstream, works ? .warning : .failure, problem, advice: upstream.advice)
        }
    }
}
