/// Which plan somebody was shown, so that exactly that one is carried out or none: its digest, and the newest change of the history when
/// it was made. Written `17-5f0c…`, with 32 digits.
public struct PlanMark: Hashable, Sendable, CustomStringConvertible {
    /// 0 before the first one.
    public let change: Int64
    let digest: String

    /// - Parameter plan: what would be done; equal plans have the same mark.
    public init(_ plan: some Encodable, after change: Int64) throws {
        self.change = change
        digest = String(SHA256Digest(of: try DocumentCoding.encode(plan)).description.prefix(32))
    }

    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let match = text.wholeMatch(of: /([0-9]{1,18})-([0-9a-f]{32})/), let change = Int64(match.1) else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(64))' is not the mark of a plan.",
                suggestion: "It is what the answer to a dry run says.")
        }
        self.change = change
        digest = String(match.2)
    }

    public var description: String { "\(change)-\(digest)" }

    /// - Throws: ``LivepatchError`` with the code `precondition-failed` unless the plan is the one that was shown, whatever else has happened
    ///   meanwhile. It says what has.
    func expect(_ plan: some Encodable, history: (_ limit: Int) async throws -> [ChangeRecord]) async throws {
        if try PlanMark(plan, after: change).digest == digest { return }
        let told = 5
        let meanwhile = try await history(told).filter { $0.id > change }
        let changes = meanwhile.map { "change \($0.id) by \($0.actor) (\($0.action))" }.joined(separator: ", ")
        let what =
            meanwhile.isEmpty ? "" : " Meanwhile there was \(changes)\(meanwhile.count == told ? ", and perhaps more" : "")."
        throw LivepatchError(
            .preconditionFailed, "The command would do something else now than what was shown.\(what)",
            suggestion: "Look at what it would do now, with a dry run.")
    }
}
