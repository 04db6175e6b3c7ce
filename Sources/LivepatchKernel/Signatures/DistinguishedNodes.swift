import SwiftASN1

/// A message that is not what its format asks for, as the end of a sentence.
struct FormatFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension ASN1Node {
    /// Reads DER (X.690): exactly one value.
    static func der(_ bytes: [UInt8], _ subject: String) throws -> ASN1Node {
        do { return try DER.parse(bytes) } catch { throw FormatFault("\(subject) is not DER") }
    }

    /// What a constructed value is made of.
    func members(_ subject: String) throws -> ASN1Members {
        guard case .constructed(let nodes) = content else { throw FormatFault("\(subject) is not made of parts") }
        return ASN1Members(nodes: Array(nodes), subject: subject)
    }

    /// The bytes of a primitive value.
    func bytes(_ subject: String) throws -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = content else { throw FormatFault("\(subject) is made of parts") }
        return bytes
    }

    /// Whether it carries that context-specific tag.
    func hasTag(_ number: UInt) -> Bool { identifier == ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific) }
}

/// The parts of a value, taken one after the other.
struct ASN1Members {
    private var rest: ArraySlice<ASN1Node>
    private let subject: String

    init(nodes: [ASN1Node], subject: String) {
        rest = nodes[...]
        self.subject = subject
    }

    /// The next part.
    mutating func next(_ identifier: ASN1Identifier? = nil) throws -> ASN1Node {
        guard let node = rest.first, identifier == nil || node.identifier == identifier else {
            throw FormatFault("\(subject) lacks a part, or has another in its place")
        }
        rest.removeFirst()
        return node
    }

    /// The next part if it carries that context-specific tag.
    mutating func next(tagged number: UInt) -> ASN1Node? {
        guard let node = rest.first, node.hasTag(number) else { return nil }
        rest.removeFirst()
        return node
    }

    /// What is left.
    var remaining: [ASN1Node] { Array(rest) }

    /// An algorithm's identifier (RFC 5280, section 4.1.1.2), without its parameters.
    mutating func nextAlgorithm() throws -> ASN1ObjectIdentifier {
        var members = try next(.sequence).members("an algorithm's identifier")
        return try ASN1ObjectIdentifier(derEncoded: members.next(.objectIdentifier))
    }
}
