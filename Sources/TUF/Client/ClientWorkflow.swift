/// The client workflow (specification, section 5) as a state machine: events in, actions out, no input or output of its own.
///
/// ```swift
/// var workflow = ClientWorkflow(startTime: .now())
/// var action = workflow.refresh()
/// while case let step = action, … { action = try workflow.handle(whatCameOfIt) }
/// ```
/// ``Updater`` drives it. After an error the workflow is over; begin a new one.
public struct ClientWorkflow: Sendable {
    /// What is to be done next.
    public enum Action: Sendable, Equatable {
        /// Read a role's document from the cache; answer with ``Event/cached(_:)``.
        case read(role: String)
        /// Fetch a file of at most that many bytes; answer with ``Event/fetched(_:)``.
        case fetch(RepositoryFile, maximumLength: Int)
        /// Put a role's document into the cache, in place of an older one; answer with ``Event/written``.
        case write(role: String, document: [UInt8])
        /// All four top-level roles are up to date. Ask for targets now.
        case refreshed
        /// The delegated role asked for is verified: see ``TrustedMetadata/targets(_:delegatedBy:)``.
        case obtained(role: String)
        /// The target asked for is known, by this role.
        case found(TargetDescription, role: String)
        /// No role that may speak for the target knows it.
        case absent
    }

    /// What came of an action.
    public enum Event: Sendable {
        /// The cache's document; `nil` if it has none.
        case cached([UInt8]?)
        /// The repository's file; `nil` if it has none.
        case fetched([UInt8]?)
        case written
    }

    private enum State {
        case idle
        case readingRoot
        case fetchingRoot
        case writingRoot
        case readingTimestamp
        case fetchingTimestamp
        case writingTimestamp
        case readingSnapshot
        case fetchingSnapshot
        case writingSnapshot
        case readingTargets(role: String, delegator: String)
        case fetchingTargets(role: String, delegator: String)
        case writingTargets
        case ready
        case over
    }

    private let startTime: MetadataTime
    private let limits: ClientLimits
    private let inspect: TrustedMetadata.Inspection
    private var state = State.idle
    private var newRoots = 0
    private var known: TrustedMetadata?
    private var search: TargetSearch?
    /// The delegated role that was asked for by its name.
    private var wanted: String?

    /// - Parameter inspect: what an application demands of documents beyond the specification; what it refuses is neither believed nor
    ///   written to the cache.
    public init(
        startTime: MetadataTime, limits: ClientLimits = ClientLimits(),
        inspect: @escaping TrustedMetadata.Inspection = TrustedMetadata.noInspection
    ) {
        self.startTime = startTime
        self.limits = limits
        self.inspect = inspect
    }

    /// What is believed so far; `nil` before the trusted root was read.
    public var trusted: TrustedMetadata? { known }

    /// Whether the four top-level roles are up to date.
    public var isRefreshed: Bool { if case .ready = state { true } else { false } }

    /// Begins.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if it has begun already.
    public mutating func refresh() throws(TUFError) -> Action {
        guard case .idle = state else { throw TUFError(.notPossible, "An update is refreshed once; begin another one.") }
        state = .readingRoot
        return .read(role: RoleName.root)
    }

    /// Looks for a target. Any number of targets can be looked for, one after the other.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` before ``Action/refreshed``.
    public mutating func find(_ targetPath: String) throws(TUFError) -> Action {
        guard case .ready = state, known != nil else {
            throw TUFError(.notPossible, "Targets are looked for after the update was refreshed, and one at a time.")
        }
        search = TargetSearch(targetPath, visiting: limits.visitedRoles)
        return try guarded { (workflow) throws(TUFError) in try workflow.goOnSearching() }
    }

    /// Asks for a delegated role itself, whatever targets it may speak for.
    /// - Parameter delegator: a role that was verified before: `targets`, or one that was asked for like this.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` before ``Action/refreshed``, or if the delegator does not delegate
    ///   to the role; ``TUFError/Code/unlisted`` if the snapshot does not list it.
    public mutating func obtain(_ role: String, delegatedBy delegator: String) throws(TUFError) -> Action {
        guard case .ready = state, let known else {
            throw TUFError(.notPossible, "Roles are asked for after the update was refreshed, and one at a time.")
        }
        if known.targets(role, delegatedBy: delegator) != nil { return .obtained(role: role) }
        wanted = role
        return try guarded { (workflow) throws(TUFError) in
            if try workflow.update({ (trusted) throws(TUFError) in try trusted.extend(role, to: delegator) }) {
                return try workflow.goOn()
            }
            workflow.state = .readingTargets(role: role, delegator: delegator)
            return .read(role: role)
        }
    }

    /// Goes on with what came of the last action.
    /// - Throws: ``TUFError``, saying what was refused. The cache holds what was accepted before.
    public mutating func handle(_ event: Event) throws(TUFError) -> Action {
        try guarded { (workflow) throws(TUFError) in try workflow.take(event) }
    }

    private mutating func guarded(_ step: (inout Self) throws(TUFError) -> Action) throws(TUFError) -> Action {
        do throws(TUFError) { return try step(&self) } catch {
            // A target that cannot be had does not spoil the others.
            if search == nil, wanted == nil { state = .over } else { state = .ready }
            search = nil
            wanted = nil
            throw error
        }
    }

    private mutating func take(_ event: Event) throws(TUFError) -> Action {
        switch (state, event) {
        case (.readingRoot, .cached(let document)):
            guard let document else {
                throw TUFError(.noTrustedRoot, "There is no root metadata to start from; give this client one.")
            }
            known = try TrustedMetadata(trustedRoot: document, startTime: startTime, inspect: inspect)
            return try nextRoot()
        case (.fetchingRoot, .fetched(let document?)):
            try update { (trusted) throws(TUFError) in try trusted.acceptRoot(document) }
            newRoots += 1
            return write(document, of: RoleName.root, then: .writingRoot)
        case (.fetchingRoot, .fetched(nil)): return try finishRoot()
        case (.writingRoot, .written): return try nextRoot()
        case (.readingTimestamp, .cached(let document)):
            // A cache that holds nothing to be believed is as good as an empty one.
            if let document { try? update { (trusted) throws(TUFError) in try trusted.recallTimestamp(document) } }
            state = .fetchingTimestamp
            return .fetch(.metadata(RoleName.timestamp, version: nil), maximumLength: limits.timestampLength)
        case (.fetchingTimestamp, .fetched(let document)):
            let document = try Self.present(document, RoleName.timestamp)
            let isNew = try update { (trusted) throws(TUFError) in try trusted.acceptTimestamp(document) }
            return isNew ? write(document, of: RoleName.timestamp, then: .writingTimestamp) : readSnapshot()
        case (.writingTimestamp, .written): return readSnapshot()
        case (.readingSnapshot, .cached(let document)):
            if let document, (try? update { (trusted) throws(TUFError) in try trusted.recallSnapshot(document) }) == true {
                return readTargets()
            }
            state = .fetchingSnapshot
            return try fetch(RoleName.snapshot, as: try believed.announcedSnapshot, usually: limits.snapshotLength)
        case (.fetchingSnapshot, .fetched(let document)):
            let document = try Self.present(document, RoleName.snapshot)
            try update { (trusted) throws(TUFError) in try trusted.acceptSnapshot(document) }
            return write(document, of: RoleName.snapshot, then: .writingSnapshot)
        case (.writingSnapshot, .written): return readTargets()
        case (.readingTargets(let role, let delegator), .cached(let document)):
            if let document, (try? accept(document, role, delegator)) != nil { return try goOn() }
            state = .fetchingTargets(role: role, delegator: delegator)
            return try fetch(role, as: try believed.announcedTargets(role), usually: limits.targetsLength)
        case (.fetchingTargets(let role, let delegator), .fetched(let document)):
            let document = try Self.present(document, role)
            try accept(document, role, delegator)
            return write(document, of: role, then: .writingTargets)
        case (.writingTargets, .written): return try goOn()
        default: throw outOfStep
        }
    }

    private var believed: TrustedMetadata {
        get throws(TUFError) {
            guard let known else { throw outOfStep }
            return known
        }
    }

    private mutating func update<Outcome>(
        _ change: (inout TrustedMetadata) throws(TUFError) -> Outcome
    ) throws(TUFError) -> Outcome {
        var trusted = try believed
        // The only copy, so that nothing of it is copied to be changed.
        known = nil
        defer { known = trusted }
        return try change(&trusted)
    }

    private mutating func accept(_ document: [UInt8], _ role: String, _ delegator: String) throws(TUFError) {
        try update { (trusted) throws(TUFError) in try trusted.acceptTargets(document, role: role, delegatedBy: delegator) }
    }

    private mutating func write(_ document: [UInt8], of role: String, then next: State) -> Action {
        state = next
        return .write(role: role, document: document)
    }

    // MARK: Root

    private mutating func nextRoot() throws(TUFError) -> Action {
        let next = try believed.root.signed.version.addingReportingOverflow(1)
        guard newRoots < limits.rootRotations, !next.overflow else { return try finishRoot() }
        state = .fetchingRoot
        return .fetch(.metadata(RoleName.root, version: next.partialValue), maximumLength: limits.rootLength)
    }

    private mutating func finishRoot() throws(TUFError) -> Action {
        try believed.checkFinalRoot()
        state = .readingTimestamp
        return .read(role: RoleName.timestamp)
    }

    // MARK: Snapshot and targets

    private mutating func readSnapshot() -> Action {
        state = .readingSnapshot
        return .read(role: RoleName.snapshot)
    }

    private mutating func readTargets() -> Action {
        state = .readingTargets(role: RoleName.targets, delegator: RoleName.root)
        return .read(role: RoleName.targets)
    }

    private func fetch(_ role: String, as entry: MetadataFileEntry, usually limit: Int) throws(TUFError) -> Action {
        let length = entry.length ?? limit
        guard length <= limits.announcedLength else {
            throw TUFError(
                .tooLong,
                "The metadata of the role “\(role)” is said to have \(length) bytes; \(limits.announcedLength) are allowed.")
        }
        let version = try believed.root.signed.usesConsistentSnapshots ? entry.version : nil
        return .fetch(.metadata(role, version: version), maximumLength: length)
    }

    private mutating func goOn() throws(TUFError) -> Action {
        state = .ready
        if let role = wanted {
            wanted = nil
            return .obtained(role: role)
        }
        return search == nil ? .refreshed : try goOnSearching()
    }

    private mutating func goOnSearching() throws(TUFError) -> Action {
        while true {
            guard var search else { throw outOfStep }
            let step = try search.step(in: try believed)
            self.search = search
            switch step {
            case .need(let role, let delegator):
                if try update({ (trusted) throws(TUFError) in try trusted.extend(role, to: delegator) }) { continue }
                state = .readingTargets(role: role, delegator: delegator)
                return .read(role: role)
            case .found(let description, let role):
                self.search = nil
                return .found(description, role: role)
            case .absent:
                self.search = nil
                return .absent
            }
        }
    }

    private static func present(_ document: [UInt8]?, _ role: String) throws(TUFError) -> [UInt8] {
        guard let document else {
            throw TUFError(.unavailable, "The repository does not have the metadata of the role “\(role)”.")
        }
        return document
    }

    private var outOfStep: TUFError { TUFError(.notPossible, "This is not the answer to the last action.") }
}
