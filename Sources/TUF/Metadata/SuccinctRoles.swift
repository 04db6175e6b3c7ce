/// Delegation of all targets to 2ⁿ roles by the hash of their paths, said in a few words (TAP 15). Each of them is terminating.
public struct SuccinctRoles: Sendable, Equatable {
    /// The keys of every one of the roles.
    public var keys: RoleKeys
    /// How many leading bits of a path's SHA-256 choose the role, from 1 to 32.
    public let bitLength: Int
    /// A role's name is this, a hyphen, and its number in hexadecimal digits, all of the same length.
    public let namePrefix: String

    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if the length is not from 1 to 32.
    public init(keys: RoleKeys, bitLength: Int, namePrefix: String) throws(TUFError) {
        guard (1...32).contains(bitLength) else {
            throw TUFError(.notPossible, "Succinct roles take from 1 to 32 bits of the hash, not \(bitLength).")
        }
        self.keys = keys
        self.bitLength = bitLength
        self.namePrefix = namePrefix
    }

    init(_ value: JSONValue) throws(TUFError) {
        var fields = try FieldReader(value, "the succinct roles")
        keys = try RoleKeys(&fields)
        bitLength = try fields.integer("bit_length", in: 1...32)
        namePrefix = try fields.string("name_prefix")
        keys.unrecognized = fields.rest
    }

    var json: JSONObject {
        var json = keys.json
        json["bit_length"] = .integer(bitLength)
        json["name_prefix"] = .string(namePrefix)
        return json
    }

    /// How many roles there are.
    public var count: Int { 1 << bitLength }

    /// The role of a number from 0 to ``count`` - 1.
    public func name(of number: Int) -> String {
        let digits = String(number, radix: 16)
        let length = String(count - 1, radix: 16).utf8.count
        return "\(namePrefix)-" + String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
    }

    /// The role that may speak for a target.
    public func role(for targetPath: String) -> String {
        name(of: Int(TargetPathDigest.leadingBits(of: targetPath) >> UInt32(32 - bitLength)))
    }

    /// Whether it is the name of one of the roles.
    public func contains(_ role: String) -> Bool {
        let start = Array("\(namePrefix)-".utf8)
        guard role.utf8.starts(with: start) else { return false }
        let digits = String(decoding: role.utf8.dropFirst(start.count), as: UTF8.self)
        guard digits.utf8.allSatisfy({ Hex.value(of: $0) != nil }), let number = Int(digits, radix: 16), number < count else {
            return false
        }
        return name(of: number).isExactly(role)
    }
}
