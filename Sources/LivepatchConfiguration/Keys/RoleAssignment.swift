import LivepatchKit

/// `name=role`
struct RoleAssignment: Hashable, Sendable {
    let name: String
    let role: AdministratorRole

    @Sendable static func parse(_ text: String) throws -> RoleAssignment {
        guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
            throw SettingFault("is not NAME=ROLE, such as monitoring=read")
        }
        guard let role = AdministratorRole(rawValue: String(text[text.index(after: equals)...])) else {
            throw SettingFault("names no role: those are \(AdministratorRole.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return RoleAssignment(name: String(text[..<equals]), role: role)
    }
}

extension [RoleAssignment] {
    /// The names that stand in it more than once.
    var repeatedNames: [String] {
        let names = map(\.name)
        return Set(names).filter { name in names.count(where: { $0 == name }) > 1 }.sorted()
    }
}
