import LivepatchKit
import Testing

@Suite struct RouteTests {
    @Test func `a view's route grows by each deployment that it passes`() throws {
        let route = try Route(origin: "origin").extended(by: "regional").extended(by: "site")
        #expect(route.deployments == ["origin", "regional", "site"])
        #expect(route.origin == "origin")
        #expect(route.description == "origin → regional → site")
    }

    @Test func `a server does not sync from itself`() throws {
        expectError(.upstreamLoop, naming: ["this server itself", "origin"]) {
            try Route(origin: "origin").extended(by: "origin")
        }
    }

    @Test func `a loop is refused, and named from where it begins`() throws {
        let route = try Route(["origin", "a", "b", "c"])
        expectError(.upstreamLoop, naming: ["a → b → c → a"]) { try route.extended(by: "a") }
        let error = expectError(.upstreamLoop) { try route.extended(by: "b") }
        #expect(error?.message.contains("origin") == false)
    }

    @Test func `a route has 1 to 32 different deployments`() throws {
        let ids = try (0...32).map { try DeploymentID(parsing: "d\($0)") }
        #expect(try Route(Array(ids.prefix(32))).deployments.count == 32)
        expectError(.malformedValue) { try Route([]) }
        expectError(.malformedValue) { try Route(ids) }
        expectError(.malformedValue) { try Route(["a", "b", "a"]) }
        expectError(.malformedValue, naming: ["32"]) { try Route(Array(ids.prefix(32))).extended(by: ids[32]) }
    }

    @Test func `it is a list in JSON, and checked when it is read`() throws {
        let route = try Route(["origin", "a"])
        let bytes = try DocumentCoding.encode(route)
        #expect(String(decoding: bytes, as: UTF8.self) == #"["origin","a"]"#)
        #expect(try DocumentCoding.decode(Route.self, from: bytes) == route)
        for json in ["[]", #"["a","a"]"#, #"[" "]"#, #""a""#] {
            #expect(throws: DecodingError.self) { try DocumentCoding.decode(Route.self, from: Array(json.utf8)) }
        }
    }

    @Test(arguments: ["", ".a", "-a", "_a", "a b", "a/b", "é", "\u{212a}", "k\u{301}", "a\n", String(repeating: "a", count: 65)])
    func `a deployment's id is plain text`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'"]) { try DeploymentID(parsing: text) }
    }

    @Test(arguments: ["a", "0", "4f9d0b1e-9a1c-4c53-8f0a-6f3d4a0e7b11", "eu-west_1.site", String(repeating: "Z", count: 64)])
    func `ids are UUIDs or names`(_ text: String) throws {
        #expect(try DeploymentID(parsing: text).description == text)
    }
}
