import HTTPTypes
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite struct ClientAddressTests {
    private let proxy = AddressBlock("10.0.0.0/8")

    private func address(
        _ peer: String, _ headers: HTTPFields, field: ClientAddresses.Field = .xForwardedFor, trusting: Bool = true
    ) throws -> String {
        let addresses = ClientAddresses(proxies: trusting ? [try #require(proxy)] : [], field: field)
        return addresses.address(peer: try #require(IPAddress(peer)), headers).description
    }

    private func forwarded(_ values: String..., name: String = "x-forwarded-for") throws -> HTTPFields {
        let name = try #require(HTTPField.Name(name))
        return HTTPFields(values.map { HTTPField(name: name, value: $0) })
    }

    @Test func `nobody is believed who is not trusted`() throws {
        #expect(try address("192.0.2.1", forwarded("198.51.100.7")) == "192.0.2.1")
        #expect(try address("10.1.1.1", forwarded("198.51.100.7"), trusting: false) == "10.1.1.1")
    }

    @Test func `a trusted proxy is believed, and what stands before its own entry is not`() throws {
        #expect(try address("10.1.1.1", forwarded("198.51.100.7")) == "198.51.100.7")
        #expect(try address("10.1.1.1", forwarded("127.0.0.1, 203.0.113.5, 198.51.100.7")) == "198.51.100.7")
        #expect(try address("10.1.1.1", forwarded("203.0.113.5", "198.51.100.7, 10.2.2.2")) == "198.51.100.7")
        #expect(try address("10.1.1.1", forwarded("10.3.3.3, 10.2.2.2")) == "10.3.3.3")
        #expect(try address("10.1.1.1", [:]) == "10.1.1.1")
        #expect(try address("10.1.1.1", forwarded("198.51.100.7:4711")) == "198.51.100.7")
        #expect(try address("10.1.1.1", forwarded("[2001:db8::7]:4711")) == "2001:db8::7")
    }

    @Test(arguments: ["", "unknown", "nonsense, ", "198.51.100.7, _hidden", "198.51.100.7,"])
    func `what cannot be read ends what is believed`(value: String) throws {
        #expect(try address("10.1.1.1", forwarded(value)) == "10.1.1.1")
    }

    @Test func `only the field that was named is looked at`() throws {
        let both = try forwarded("198.51.100.7") + forwarded("for=203.0.113.5", name: "forwarded")
        #expect(try address("10.1.1.1", HTTPFields(both)) == "198.51.100.7")
        #expect(try address("10.1.1.1", HTTPFields(both), field: .forwarded) == "203.0.113.5")
    }

    @Test func `Forwarded is read as RFC 7239 has it`() throws {
        let value = #"for=203.0.113.5;proto=http, For="[2001:db8:cafe::17]:4711";by=10.0.0.1, for=10.2.2.2"#
        #expect(try address("10.1.1.1", forwarded(value, name: "forwarded"), field: .forwarded) == "2001:db8:cafe::17")
        #expect(try address("10.1.1.1", forwarded("for=_hidden", name: "forwarded"), field: .forwarded) == "10.1.1.1")
    }
}
