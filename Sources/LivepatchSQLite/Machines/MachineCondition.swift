import FoundationEssentials
import GRDB
import LivepatchKit

/// A ``MachineQuery`` as SQL.
struct MachineCondition {
    private(set) var arguments = StatementArguments()
    private var conditions: [String] = []

    /// `WHERE …`, or nothing.
    var clause: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

    /// - Parameter after: the id to go on behind.
    init(_ query: MachineQuery, after: HashedMachineID? = nil) {
        addIDs(query, after)
        if let tier = query.tier {
            add("machine.auth_token IN (SELECT id FROM auth_token WHERE tier = ?)", [tier.rawValue])
        }
        if let token = query.authToken { add("machine.auth_token IN (SELECT id FROM auth_token WHERE name = ?)", [token]) }
        if let version = query.patchVersion.map(Column.key) {
            add("(machine.patch_version = ? OR machine.attempted_version = ?)", [version, version])
        }
        if !query.states.isEmpty {
            let marks = query.states.map { _ in "?" }.joined(separator: ", ")
            add("machine.state IN (\(marks))", StatementArguments(query.states.map(\.rawValue)))
        }
        if let kernel = query.kernel { add("machine.kernel = ?", [kernel.description]) }
        if let flavour = query.flavour { add("machine.flavour = ?", [flavour.rawValue]) }
        if let architecture = query.architecture { add("machine.architecture = ?", [architecture.rawValue]) }
        for tag in query.tags { add("machine.key IN (SELECT machine FROM machine_tag WHERE tag = ?)", [tag]) }
        if let time = query.silentSince {
            add("(machine.last_seen IS NULL OR machine.last_seen < ?)", [Self.nextSecond(time)])
        }
        if let time = query.seenSince { add("machine.last_seen >= ?", [Self.nextSecond(time)]) }
        if query.shared { add("machine.shared_since IS NOT NULL", []) }
    }

    private mutating func addIDs(_ query: MachineQuery, _ after: HashedMachineID?) {
        if let after { add("machine.id > ?", [Column.blob(after.digest)]) }
        switch query.idDigits {
        case .none: break
        case .some(nil): add("0", [])
        case .some(let digits?): add("machine.id BETWEEN ? AND ?", [Self.id(digits, "0"), Self.id(digits, "f")])
        }
    }

    private mutating func add(_ condition: String, _ values: StatementArguments) {
        conditions.append(condition)
        arguments += values
    }

    /// The least or the greatest id that begins with some digits.
    private static func id(_ digits: String, _ filler: String) -> Data {
        let text = digits + String(repeating: filler, count: 64 - digits.utf8.count)
        return (try? SHA256Digest(parsing: text)).map(Column.blob) ?? Data()
    }

    /// A time that rows, which know whole seconds, are compared with: 0.5 seconds past is not before, but after a row of that second.
    private static func nextSecond(_ time: Date) -> Int64 { Int64(time.timeIntervalSince1970.rounded(.up)) }
}
