import SwiftASN1

/// The names in a certificate (RFC 5280, section 4.1), which the TLS library does not show.
struct CertificateNames {
    /// Distinguished names, as RFC 4514 writes them.
    let subject: String
    let issuer: String
    /// Host names and addresses (section 4.2.1.6).
    let alternatives: [String]

    /// - Throws: what ASN.1's reader throws, for bytes that are not a certificate.
    init(_ bytes: [UInt8]) throws {
        var parts = Self.children(try Self.first(of: DER.parse(bytes)))
        // The version, which the first version leaves out.
        if parts.first?.identifier.tagClass == .contextSpecific { parts.removeFirst() }
        // Serial number, algorithm, issuer, validity, subject, key.
        guard parts.count >= 6 else { throw ASN1Error.invalidASN1Object(reason: "A certificate has six parts at least.") }
        issuer = try Self.text(parts[2])
        subject = try Self.text(parts[4])
        let extensions = parts.dropFirst(6).first { $0.identifier == Self.tag(3) }
        alternatives = try extensions.map { try Self.alternatives(Self.children(Self.first(of: $0))) } ?? []
    }

    private static func tag(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }

    private static func children(_ node: ASN1Node) -> [ASN1Node] {
        guard case .constructed(let nodes) = node.content else { return [] }
        return Array(nodes)
    }

    private static func first(of node: ASN1Node) throws -> ASN1Node {
        guard let first = children(node).first else { throw ASN1Error.invalidASN1Object(reason: "Something is missing.") }
        return first
    }

    private static func bytes(_ node: ASN1Node) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = node.content else { return [] }
        return bytes
    }

    // MARK: Distinguished names

    private static let types: [ASN1ObjectIdentifier: String] = [
        [2, 5, 4, 3]: "CN", [2, 5, 4, 6]: "C", [2, 5, 4, 7]: "L", [2, 5, 4, 8]: "ST", [2, 5, 4, 10]: "O", [2, 5, 4, 11]: "OU",
    ]

    private static func text(_ name: ASN1Node) throws -> String {
        try children(name).reversed().map { set in
            try children(set).map { attribute in
                let parts = children(attribute)
                guard parts.count == 2 else { throw ASN1Error.invalidASN1Object(reason: "A name's part has type and value.") }
                let type = try ASN1ObjectIdentifier(derEncoded: parts[0])
                return "\(types[type] ?? "\(type)")=\(escaped(String(decoding: bytes(parts[1]), as: UTF8.self)))"
            }.joined(separator: "+")
        }.joined(separator: ",")
    }

    /// Section 2.4; and a terminal is shown nothing that moves its cursor.
    private static func escaped(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    if scalar.properties.generalCategory == .control { return ["?"] }
                    return ",+\"\\<>;".unicodeScalars.contains(scalar) ? ["\\", scalar] : [scalar]
                }))
    }

    // MARK: Alternative names

    private static func alternatives(_ extensions: [ASN1Node]) throws -> [String] {
        for each in extensions {
            let parts = children(each)
            guard let first = parts.first, let last = parts.last, try ASN1ObjectIdentifier(derEncoded: first) == [2, 5, 29, 17]
            else { continue }
            return children(try DER.parse(Array(bytes(last)))).compactMap { name in
                switch name.identifier {
                case tag(2): escaped(String(decoding: bytes(name), as: UTF8.self))
                case tag(7): address(Array(bytes(name)))
                default: nil
                }
            }
        }
        return []
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        switch bytes.count {
        case 4: bytes.map { "\($0)" }.joined(separator: ".")
        case 16:
            stride(from: 0, to: 16, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        default: nil
        }
    }
}
