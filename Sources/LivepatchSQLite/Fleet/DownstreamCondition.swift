import FoundationEssentials
import GRDB
import LivepatchKit

/// A ``MachineQuery`` as SQL over machines that are kept as documents.
struct DownstreamCondition {
    private(set) var sql: String
    private(set) var arguments: StatementArguments

    /// - Parameters:
    ///   - source: the deployment's row.
    ///   - after: the id to go on behind.
    init(_ query: MachineQuery, source: Int64, after: HashedMachineID? = nil) {
        sql = "source = ?"
        arguments = [source]
        if let after { add("machine > ?", [Column.blob(after.digest)]) }
        switch query.idDigits {
        case .none: break
        case .some(nil): add("0", [])
        case .some(let digits?): add("lower(hex(machine)) GLOB ?", ["\(digits)*"])
        }
        addEqual("$.tier", query.tier?.rawValue)
        addEqual("$.authToken", query.authToken)
        if let version = query.patchVersion?.description {
            add(
                "(\(Self.member("$.report.patchVersion")) = ? OR \(Self.member("$.report.attemptedVersion")) = ?)",
                [version, version])
        }
        if !query.states.isEmpty {
            let marks = query.states.map { _ in "?" }.joined(separator: ", ")
            add("\(Self.member("$.report.patchState")) IN (\(marks))", StatementArguments(query.states.map(\.rawValue)))
        }
        addEqual("$.report.kernel.version", query.kernel?.description)
        addEqual("$.report.kernel.flavour", query.flavour?.rawValue)
        addEqual("$.report.kernel.architecture", query.architecture?.rawValue)
        for tag in query.tags { add("EXISTS (SELECT 1 FROM json_each(content, '$.tags') WHERE value = ?)", [tag]) }
        // Times are text that sorts as they do.
        let seen = Self.member("$.lastSeen")
        if let time = query.silentSince { add("(\(seen) IS NULL OR \(seen) < ?)", [Self.text(time)]) }
        if let time = query.seenSince { add("\(seen) >= ?", [Self.text(time)]) }
        if query.shared { add("\(Self.member("$.sharedSince")) IS NOT NULL", []) }
    }

    private mutating func add(_ condition: String, _ values: StatementArguments) {
        sql += " AND " + condition
        arguments += values
    }

    private mutating func addEqual(_ path: String, _ value: String?) {
        if let value { add("\(Self.member(path)) = ?", [value]) }
    }

    private static func member(_ path: String) -> String { "json_extract(content, '\(path)')" }

    /// A time that whole seconds are compared with: half a second past is not before, but after that second.
    private static func text(_ time: Date) -> String {
        Timestamp.text(Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.up)))
    }
}
