/// What the signatures are over: the `signed` part of a document (specification, section 4).
public protocol RoleBody: Sendable, Equatable {
    /// The `_type`.
    static var type: String { get }

    /// The version of the specification that the document follows.
    var specificationVersion: String { get set }
    /// From 1 on, and higher with each change.
    var version: Int { get set }
    /// From this moment on nobody should trust it.
    var expires: MetadataTime { get set }
    /// Members that this library does not know; they are part of what is signed.
    var unrecognized: JSONObject { get set }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` or ``TUFError/Code/unsupported``.
    init(json: JSONObject) throws(TUFError)

    var json: JSONObject { get }
}

extension RoleBody {
    /// Whether it is expired at that moment (specification: “the expiration timestamp MUST be higher”).
    public func isExpired(at time: MetadataTime) -> Bool { expires <= time }
}

/// What every role's body has.
struct CommonFields {
    let specificationVersion: String
    let version: Int
    let expires: MetadataTime

    /// The version that this library writes and, by its first number, the one that it reads.
    static let currentSpecification = "1.0.31"

    init(_ fields: inout FieldReader, type: String) throws(TUFError) {
        let found = try fields.string("_type")
        guard found.isExactly(type) else { throw TUFError(.malformed, "\(fields.place) is of the type “\(found)”.") }
        specificationVersion = try fields.string("spec_version")
        let parts = specificationVersion.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), Array(parts[0]) == Array("1".utf8),
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } })
        else {
            throw TUFError(
                .unsupported, "\(fields.place) follows version “\(specificationVersion)” of the specification, not 1.x.")
        }
        version = try fields.integer("version", in: 1...Int.max)
        let text = try fields.string("expires")
        guard let time = MetadataTime(text) else {
            throw TUFError(.malformed, "“expires” of \(fields.place) is “\(text)”, and not of the form 2030-01-01T00:00:00Z.")
        }
        expires = time
    }
}

extension RoleBody {
    func json(with own: JSONObject) -> JSONObject {
        let common: JSONObject = [
            "_type": .string(Self.type), "spec_version": .string(specificationVersion), "version": .integer(version),
            "expires": .string(expires.description),
        ]
        return common.adding(own).adding(unrecognized)
    }
}
