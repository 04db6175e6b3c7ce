public import FoundationEssentials

/// What administrators do with machines: find them, look at them, label them, forget them.
public struct MachineAdministration: Sendable {
    /// A machine as it is listed.
    public struct Line: Hashable, Sendable, Codable {
        public let machine: Machine
        /// The deployment below that told of it; `nil` for this server's own.
        public let deployment: DeploymentID?
        /// When what is told of it was true at the latest, where a deployment below tells it.
        public let asOf: Date?
        /// Whether that deployment no longer reports.
        public let isStale: Bool

        init(_ machine: Machine, from report: DownstreamReport? = nil, at time: Date) {
            self.machine = machine
            deployment = report?.deployment
            asOf = report?.asOf
            isStale = report?.isStale(at: time) ?? false
        }
    }

    /// Some lines, and where they go on.
    public struct Page: Hashable, Sendable {
        public let lines: [Line]
        /// `nil` at the end.
        public let next: Place?
    }

    /// Where a list goes on: this server's machines come first, in order of their hashes, then those of the deployments below.
    public enum Place: Hashable, Sendable {
        case own(HashedMachineID)
        case below(DownstreamMachine.Place)

        /// Reads ``description``.
        /// - Throws: ``LivepatchError`` with the code `malformed-value`.
        public init(parsing text: String) throws {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                self = .below(
                    DownstreamMachine.Place(
                        deployment: try DeploymentID(parsing: String(parts[0])),
                        machine: try HashedMachineID(parsing: String(parts[1]))))
            } else {
                self = .own(try HashedMachineID(parsing: text))
            }
        }
    }

    /// Labels: how many a machine has at most, and what they are made of.
    public static let tagLimit = 32

    private let machines: any MachineStore
    private let fleet: any FleetStore
    private let deployment: DeploymentID
    private let key: [UInt8]
    private let forgotten: @Sendable ([HashedMachineID]) async -> Void
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - deployment: this server.
    ///   - key: the key that ids are hashed under.
    ///   - forgotten: told of machines that have been forgotten, so that what is remembered of them goes, too.
    ///   - now: the current time.
    public init(
        machines: any MachineStore, fleet: any FleetStore, deployment: DeploymentID, key: [UInt8],
        forgotten: @escaping @Sendable ([HashedMachineID]) async -> Void = { _ in }, now: @escaping @Sendable () -> Date
    ) {
        self.machines = machines
        self.fleet = fleet
        self.deployment = deployment
        self.key = key
        self.forgotten = forgotten
        self.now = now
    }

    // MARK: Lists

    /// - Parameter includesDownstreams: whether machines follow whose reports deployments below passed on.
    public func page(_ query: MachineQuery, includesDownstreams: Bool, after: Place?, limit: Int) async throws -> Page {
        let time = now()
        var lines: [Line] = []
        var place: DownstreamMachine.Place?
        switch after {
        case .below(let below): place = below
        case .own, nil:
            var id: HashedMachineID?
            if case .own(let last)? = after { id = last }
            // One more than wanted tells whether there is more.
            let own = try await machines.machines(query, after: id, limit: limit + 1)
            lines = own.prefix(limit).map { Line($0, at: time) }
            if own.count > limit, let last = lines.last { return Page(lines: lines, next: .own(last.machine.id)) }
        }
        guard includesDownstreams else { return Page(lines: lines, next: nil) }
        let reports = try await reports()
        let rest = limit - lines.count
        let below = try await fleet.downstreamMachines(query, among: reports.map(\.source), after: place, limit: rest + 1)
        let known = Dictionary(reports.map { ($0.deployment, $0) }) { first, _ in first }
        lines += below.prefix(rest).map { Line($0.machine, from: known[$0.deployment], at: time) }
        guard below.count > rest else { return Page(lines: lines, next: nil) }
        if rest > 0 { return Page(lines: lines, next: .below(below[rest - 1].place)) }
        return Page(lines: lines, next: lines.last.map { .own($0.machine.id) })
    }

    public func count(_ query: MachineQuery, includesDownstreams: Bool) async throws -> Int {
        let own = try await machines.count(query)
        guard includesDownstreams else { return own }
        return own + (try await fleet.countDownstreamMachines(query, among: try await reports().map(\.source)))
    }

    private func reports() async throws -> [DownstreamReport] {
        try await fleet.downstreamReports().newestOfEach().filter { $0.deployment != deployment }
    }

    // MARK: One machine

    /// The machine that an administrator names.
    /// - Parameter reference: its own id, its hash, or at least eight digits with which no other hash begins.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, and `malformed-value` where several are meant.
    public func machine(_ reference: String) async throws -> Machine {
        if let id = try? MachineID(parsing: reference),
            let machine = try await machines.machine(HashedMachineID(id, key: key))
        {
            return machine
        }
        let digits = reference.lowercased()
        if digits.wholeMatch(of: /[0-9a-f]{8,64}/) != nil {
            var query = MachineQuery()
            query.idPrefix = digits
            let found = try await machines.machines(query, after: nil, limit: 2)
            guard found.count < 2 else {
                throw LivepatchError(
                    .malformedValue, "Several machines' hashes begin with '\(reference)'.",
                    suggestion: "Write more of its digits; `livepatch-admin machines list --format json` shows all of them.")
            }
            if let machine = found.first { return machine }
        }
        throw LivepatchError(
            .notFound, "No machine is known as '\(FleetBounds.cut(reference, to: 160))'.",
            suggestion:
                "Name it by its own id, by its hash as `livepatch-admin machines list` shows it, or by at least eight digits of that."
        )
    }

    public func history(of machine: Machine, limit: Int) async throws -> [MachineUpdate] {
        try await machines.history(of: machine.id, limit: limit)
    }

    /// Gives a machine labels, and takes others away.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, and `malformed-value` for what is not a label, and too many of them.
    public func tag(_ reference: String, adding: [String], removing: [String], by actor: String) async throws -> Machine {
        for tag in adding where tag.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._:=\/-]{0,63}/) == nil {
            throw LivepatchError(
                .malformedValue, "'\(FleetBounds.cut(tag, to: 160))' is not a label.",
                suggestion:
                    "A label has 1 to 64 letters, digits, dots, underscores, colons, equals signs, slashes or hyphens, and begins with a letter or digit."
            )
        }
        var machine = try await machine(reference)
        let tags = Set(machine.tags).subtracting(removing).union(adding).sorted()
        guard tags.count <= Self.tagLimit else {
            throw LivepatchError(
                .malformedValue, "The machine would have \(tags.count) labels; at most \(Self.tagLimit) are kept.",
                suggestion: "Take some away.")
        }
        guard tags != machine.tags else { return machine }
        let changes = removing.map { "-\($0)" } + adding.map { "+\($0)" }
        try await machines.setTags(
            tags, of: machine.id,
            entry: ChangeEntry(
                time: now(), actor: actor, action: "machines tag \(machine.id.short) \(changes.joined(separator: " "))"))
        machine.tags = tags
        return machine
    }

    // MARK: Forgetting

    /// The machines that are meant, in order, each once.
    /// - Throws: ``LivepatchError`` with the code `not-found` for a reference to none, and `malformed-request` if nothing says which.
    public func meant(_ references: [String], _ query: MachineQuery?) async throws -> [HashedMachineID] {
        guard !references.isEmpty || (query.map { $0 != MachineQuery() } ?? false) else {
            throw LivepatchError(
                .malformedRequest, "Nothing says which machines are to be forgotten.",
                suggestion: "Name machines, or give a filter such as a tier, a tag or how long they have been silent.")
        }
        var ids: Set<HashedMachineID> = []
        for reference in references { ids.insert(try await machine(reference).id) }
        if let query, query != MachineQuery() {
            var after: HashedMachineID?
            while true {
                let page = try await machines.machines(query, after: after, limit: 1000)
                ids.formUnion(page.map(\.id))
                guard page.count == 1000 else { break }
                after = page.last?.id
            }
        }
        return ids.sorted()
    }

    /// Forgets machines with their tokens and history, in one transaction. Those that are still there have to register again.
    /// - Parameter action: the command, for the history.
    public func forget(_ ids: [HashedMachineID], action: String, by actor: String) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        let count = try await machines.forget(ids, entry: ChangeEntry(time: now(), actor: actor, action: action))
        await forgotten(ids)
        return count
    }
}

extension MachineAdministration.Place: CustomStringConvertible {
    public var description: String {
        switch self {
        case .own(let id): id.description
        case .below(let place): "\(place.deployment)/\(place.machine)"
        }
    }
}

extension HashedMachineID {
    /// The first twelve digits: enough to tell machines apart, and to name one.
    public var short: String { String(description.prefix(12)) }
}
