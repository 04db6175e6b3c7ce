import TUF
import Testing

@Suite struct `Documents` {
    private static let expiry = #""expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31","version":3"#

    private static func envelope(_ signed: String) -> [UInt8] {
        Array(#"{"signatures":[{"keyid":"k","sig":"00","x":1}],"signed":\#(signed),"y":[1.5]}"#.utf8)
    }

    private static let root = envelope(
        #"{"_type":"root","consistent_snapshot":true,\#(expiry),"keys":{"k":{"keytype":"t","scheme":"s","keyval":{"public":"p","z":1},"owner":"@a"}},"#
            + #""roles":{"root":{"keyids":["k"],"threshold":1,"days":7},"timestamp":{"keyids":[],"threshold":1},"#
            + #""snapshot":{"keyids":[],"threshold":9},"targets":{"keyids":[],"threshold":1},"mirrors":{"keyids":[],"threshold":1}},"#
            + #""big":123456789012345678901234567890,"nothing":null}"#)
    private static let timestamp = envelope(
        #"{"_type":"timestamp",\#(expiry),"meta":{"snapshot.json":{"version":2,"length":5,"hashes":{"sha256":"ab","blake":"cd"},"m":{}},"x.json":{"version":1}},"u":true}"#
    )
    private static let snapshot = envelope(
        #"{"_type":"snapshot",\#(expiry),"meta":{"targets.json":{"version":2},"é.json":{"version":1,"n":[]},"odd":{"version":4}},"u":"\n"}"#
    )
    private static let targets = envelope(
        #"{"_type":"targets",\#(expiry),"targets":{"a/b":{"length":0,"hashes":{"sha512":"ab"},"custom":{"k":[1,{"l":null}]},"o":1}},"#
            + #""delegations":{"keys":{},"w":1,"roles":[{"name":"r","keyids":[],"threshold":1,"paths":["*"],"terminating":true,"v":2},"#
            + #"{"name":"q","keyids":[],"threshold":1,"path_hash_prefixes":["ab"]},{"name":"n","keyids":[],"threshold":1}]},"u":{}}"#
    )
    private static let succinct = envelope(
        #"{"_type":"targets",\#(expiry),"targets":{},"delegations":{"keys":{},"#
            + #""succinct_roles":{"keyids":[],"threshold":1,"bit_length":4,"name_prefix":"b","s":0}}}"#)

    private func roundTrip<Body: RoleBody>(_ document: [UInt8], as: Body.Type) throws {
        let read = try Metadata<Body>(document)
        #expect(try JSONDocument.parse(read.document) == JSONDocument.parse(document))
        // Written from what was understood, the signed bytes are those that were signed.
        let again = Metadata(read.signed, signatures: read.signatures)
        #expect(try again.signedBytes() == read.signedBytes())
    }

    @Test func `keep what this library does not know`() throws {
        try roundTrip(Self.root, as: Root.self)
        try roundTrip(Self.timestamp, as: Timestamp.self)
        try roundTrip(Self.snapshot, as: Snapshot.self)
        try roundTrip(Self.targets, as: Targets.self)
        try roundTrip(Self.succinct, as: Targets.self)
    }

    @Test func `hand the application what it says of a target`() throws {
        let targets = try Metadata<Targets>(Self.targets).signed
        #expect(targets.targets["a/b"]?.custom == ["k": [1, ["l": .null]]])
    }

    /// What to replace in a good document to make a bad one.
    @Test(arguments: [
        ("\"_type\":\"targets\"", "\"_type\":\"root\""), ("\"_type\":\"targets\",", ""), ("\"version\":3", "\"version\":0"),
        ("\"version\":3", "\"version\":-1"), ("\"version\":3", "\"version\":\"3\""), ("\"version\":3", "\"version\":3.0"),
        ("\"version\":3", "\"version\":9223372036854775808"), ("2030-01-01T00:00:00Z", "2030-01-01"),
        ("\"length\":0", "\"length\":-1"), ("{\"sha512\":\"ab\"}", "{}"), ("{\"sha512\":\"ab\"}", "{\"sha512\":1}"),
        ("\"name\":\"r\"", "\"name\":\"targets\""), ("\"name\":\"r\"", "\"name\":\"\""), ("\"name\":\"r\"", "\"name\":\"q\""),
        ("\"threshold\":1,\"paths\"", "\"threshold\":0,\"paths\""), ("\"paths\":[\"*\"]", "\"paths\":[1]"),
        ("\"paths\":[\"*\"]", "\"paths\":[\"*\"],\"path_hash_prefixes\":[]"), ("\"terminating\":true", "\"terminating\":1"),
        ("\"roles\":[", "\"succinct_roles\":{},\"roles\":["), ("\"u\":{}", "\"u\":1.5"), ("\"signatures\":", "\"signature\":"),
        ("\"sig\":\"00\"", "\"sig\":0"), ("\"signed\":{", "\"signed\":[],\"s\":{"),
    ])
    func `that are not what they should be are refused`(_ good: String, _ bad: String) async {
        let document = String(decoding: Self.targets, as: UTF8.self)
        let spoilt = document.replacing(good, with: bad)
        #expect(spoilt != document)
        await expectRefusal(.malformed) { _ = try Metadata<Targets>(Array(spoilt.utf8)) }
    }

    @Test(arguments: ["2.0.0", "0.9", "1", "1.0.0.0", "1.x", "1..0", "", "11.0", "1.0.-1"])
    func `of another specification are refused`(_ version: String) async {
        let document = String(decoding: Self.timestamp, as: UTF8.self).replacing("1.0.31", with: version)
        await expectRefusal(.unsupported) { _ = try Metadata<Timestamp>(Array(document.utf8)) }
    }

    @Test(arguments: ["root", "timestamp", "snapshot", "targets"]) func `of a root need all four roles`(_ role: String) async {
        let document = String(decoding: Self.root, as: UTF8.self).replacing("\"\(role)\":{", with: "\"other\":{")
        await expectRefusal(.malformed) { _ = try Metadata<Root>(Array(document.utf8)) }
    }

    @Test func `lose their signatures' worth when they are changed`() async throws {
        let test = try await TestRepository()
        var metadata = try Metadata<Root>(test.repository.root.document)
        let keys = try #require(metadata.signed.roles["root"])
        try metadata.verify(by: keys, keys: metadata.signed.keys, name: "root")
        metadata.signed.version += 1
        await expectRefusal(.unsigned) { try metadata.verify(by: keys, keys: metadata.signed.keys, name: "root") }
    }
}
