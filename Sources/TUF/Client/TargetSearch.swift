/// The search for a target's description: pre-order, depth first, from the top-level targets role on (specification, section 5.6.7).
struct TargetSearch: Sendable {
    enum Step: Sendable {
        /// This role is to be had, verified for the one that delegates to it; then go on.
        case need(role: String, delegator: String)
        case found(TargetDescription, role: String)
        case absent
    }

    let path: String
    private let greatestNumber: Int
    /// The next one is last.
    private var pending = [(role: RoleName.targets, delegator: RoleName.root)]
    private var visited: Set<ExactName> = []

    init(_ path: String, visiting greatestNumber: Int) {
        self.path = path
        self.greatestNumber = greatestNumber
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/tooManyRoles``.
    mutating func step(in trusted: TrustedMetadata) throws(TUFError) -> Step {
        while let next = pending.last {
            guard !visited.contains(ExactName(next.role)) else {
                pending.removeLast()
                continue
            }
            guard let targets = trusted.targets(next.role, delegatedBy: next.delegator) else {
                guard visited.count < greatestNumber else {
                    throw TUFError(
                        .tooManyRoles, "The search for “\(path)” passed through \(greatestNumber) roles without an end.")
                }
                return .need(role: next.role, delegator: next.delegator)
            }
            pending.removeLast()
            guard visited.count < greatestNumber else {
                throw TUFError(.tooManyRoles, "The search for “\(path)” passed through \(greatestNumber) roles without an end.")
            }
            visited.insert(ExactName(next.role))
            if let description = targets.targets[path] { return .found(description, role: next.role) }
            visit(targets.delegations?.roles(for: path) ?? [], of: next.role)
        }
        return .absent
    }

    private mutating func visit(_ roles: [(name: String, isTerminating: Bool)], of delegator: String) {
        var children: [(role: String, delegator: String)] = []
        for role in roles {
            children.append((role.name, delegator))
            if role.isTerminating {
                // Whatever would have come after it and what is below it is not asked any more.
                pending = []
                break
            }
        }
        pending += children.reversed()
    }
}
