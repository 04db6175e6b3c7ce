import FoundationEssentials
public import TUF

// What an origin has blocked, as the body of its role `revocations`: a targets role without targets, and a member `blocks`.

extension RevocationsDocument {
    private enum Member {
        static let blocks = "blocks"
        static let version = "version"
        static let reason = "reason"
        static let blocked = "blocked"
        static let deployment = "deployment"
    }

    /// Reads what the role lists.
    /// - Throws: ``LivepatchError`` with the code `upstream-malformed`.
    public init(_ targets: Targets) throws {
        guard case .array(let entries)? = targets.unrecognized[Member.blocks] else {
            throw Self.unreadable("it has no list of blocks")
        }
        self.init(blocks: try entries.map(Self.block))
    }

    /// The role's body, without version and expiry.
    func targets(at time: MetadataTime) -> Targets {
        var targets = Targets(expires: time)
        let entries = blocks.map { block -> JSONValue in
            [
                Member.version: .string(block.version.description), Member.reason: .string(block.reason),
                Member.blocked: .string(Timestamp.text(block.blocked)),
                Member.deployment: .string(block.deployment.description),
            ]
        }
        targets.unrecognized[Member.blocks] = .array(entries)
        return targets
    }

    private static func block(_ entry: JSONValue) throws -> Block {
        func text(_ member: String) throws -> String {
            guard case .object(let object) = entry, case .string(let text)? = object[member] else {
                throw unreadable("a block does not say its '\(member)'")
            }
            return text
        }
        guard let blocked = Timestamp.date(try text(Member.blocked)) else { throw unreadable("a block has no readable time") }
        do {
            return Block(
                version: try PatchVersion(parsing: try text(Member.version)), reason: try text(Member.reason), blocked: blocked,
                deployment: try DeploymentID(parsing: try text(Member.deployment)))
        } catch let error as LivepatchError where error.code == .malformedValue {
            throw unreadable(error.message)
        }
    }

    private static func unreadable(_ reason: String) -> LivepatchError {
        LivepatchError(
            .upstreamMalformed, "The signed revocations cannot be read: \(reason).",
            suggestion: "Nothing was changed; ask the administrator of the server where the patches enter the chain.")
    }
}
