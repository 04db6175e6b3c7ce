/// A role that another one trusts for some target paths (specification, section 4.5, DELEGATIONS).
public struct DelegatedRole: Sendable, Equatable {
    /// Which target paths a role may speak for.
    public enum Scope: Sendable, Equatable {
        /// Those that match one of the patterns; see ``PathPattern``.
        case paths([String])
        /// Those whose SHA-256, in lower-case hexadecimal digits, begins with one of the prefixes.
        case pathHashPrefixes([String])
        /// None.
        case nothing
    }

    /// Anything but the empty name and those of the top-level roles.
    public var name: String
    public var keys: RoleKeys
    public var scope: Scope
    /// Whether a target that this role may speak for, and does not know, is not looked for in the roles after it. Left out means no.
    public var terminating: Bool?

    public init(name: String, keys: RoleKeys, scope: Scope, terminating: Bool = false) {
        self.name = name
        self.keys = keys
        self.scope = scope
        self.terminating = terminating
    }

    init(_ value: JSONValue) throws(TUFError) {
        var fields = try FieldReader(value, "a delegated role")
        name = try fields.string("name")
        guard Self.isAllowed(name) else { throw TUFError(.malformed, "A delegated role must not be called “\(name)”.") }
        fields = FieldReader(fields.rest, "the delegated role “\(name)”")
        keys = try RoleKeys(&fields)
        switch (try fields.optionalStrings("paths"), try fields.optionalStrings("path_hash_prefixes")) {
        case (let paths?, nil): scope = .paths(paths)
        case (nil, let prefixes?): scope = .pathHashPrefixes(prefixes)
        case (nil, nil): scope = .nothing
        default: throw TUFError(.malformed, "\(fields.place) has both paths and prefixes of their hashes.")
        }
        terminating = try fields.optionalBoolean("terminating")
        keys.unrecognized = fields.rest
    }

    var json: JSONObject {
        var json = keys.json
        json["name"] = .string(name)
        switch scope {
        case .paths(let paths): json["paths"] = .array(paths.map { .string($0) })
        case .pathHashPrefixes(let prefixes): json["path_hash_prefixes"] = .array(prefixes.map { .string($0) })
        case .nothing: break
        }
        if let terminating { json["terminating"] = .boolean(terminating) }
        return json
    }

    static func isAllowed(_ name: String) -> Bool {
        !name.isEmpty && !RoleName.topLevel.contains { $0.isExactly(name) }
    }

    /// Whether the role may speak for a target.
    public func covers(_ targetPath: String) -> Bool {
        switch scope {
        case .paths(let patterns): return patterns.contains { PathPattern($0).matches(targetPath) }
        case .pathHashPrefixes(let prefixes):
            let digest = TargetPathDigest.hex(of: targetPath)
            return prefixes.contains { digest.utf8.starts(with: $0.utf8) }
        case .nothing: return false
        }
    }
}
