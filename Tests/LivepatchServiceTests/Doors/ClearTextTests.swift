import LivepatchKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite struct `Clear text` {
    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false),
        ("::ffff:10.0.0.1", false), ("2001:db8::1", false), ("1.127.0.1", false),
    ])
    func `is no matter on this machine`(address: String, isLoopback: Bool) throws {
        #expect(ClearTextLogins.isLoopback(try SocketAddress(ipAddress: address, port: 1)) == isLoopback)
    }

    @Test(
        arguments: [
            ("127.0.0.1", true), ("localhost", true), ("::1", true), (nil, false), ("0.0.0.0", false), ("::", false),
            ("10.0.0.1", false),
        ] as [(String?, Bool)])
    func `is a matter of an address that others can reach`(host: String?, isLoopback: Bool) {
        #expect(HTTPService.Address(host: host, port: 1).isLoopback == isLoopback)
    }
}
