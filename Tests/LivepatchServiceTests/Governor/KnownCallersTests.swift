import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOEmbedded
import Testing

@testable import LivepatchService

@Suite("Who seems to ask") struct KnownCallersTests {
    private let channel = EmbeddedChannel()

    private func request(_ token: String?, _ path: String = Paths.changes, deployment: String? = nil) -> Request {
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: path)
        if let token { head.headerFields[.authorization] = "Bearer \(token)" }
        if let deployment, let name = HTTPField.Name(HeaderNames.deployment) { head.headerFields[name] = deployment }
        return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    }

    @Test func `a credential that was good has a turn of its own, until it is good no more`() {
        let callers = KnownCallers(ClientAddresses())
        let (one, other) = (request("one"), request("other"))
        #expect(callers.visitor(one, from: channel, to: .administrators(.read)).visitor.kind == .strangers)
        callers.accept(one, as: .administrators)
        callers.accept(other, as: .administrators)
        let first = callers.visitor(one, from: channel, to: .downloaders)
        #expect(first.isKnown && first.visitor.kind == .administrators)
        #expect(first.visitor != callers.visitor(other, from: channel, to: .downloaders).visitor)
        callers.forget(one)
        #expect(!callers.visitor(one, from: channel, to: .administrators(.read)).isKnown)
    }

    @Test func `no number of machines makes administrators and downstreams be forgotten`() {
        let callers = KnownCallers(ClientAddresses(), capacity: 2)
        callers.accept(request("administrator"), as: .administrators)
        callers.accept(request("downstream"), as: .downstreams)
        for number in 0..<100 { callers.accept(request("machine-\(number)"), as: .machines) }
        let known: [(String, CallerKind)] = [
            ("administrator", .administrators), ("downstream", .downstreams), ("machine-99", .machines),
        ]
        for (token, kind) in known {
            let (visitor, isKnown) = callers.visitor(request(token), from: channel, to: .everybody)
            #expect(isKnown && visitor.kind == kind)
        }
        #expect(!callers.visitor(request("machine-0"), from: channel, to: .everybody).isKnown)
    }

    @Test func `what machines ask is a machine's, whoever asks it, unless it says that it comes from a server`() {
        let callers = KnownCallers(ClientAddresses())
        func kind(_ path: String, _ entry: EntryGate.Entry, deployment: String? = nil) -> CallerKind {
            callers.visitor(request("unknown", path, deployment: deployment), from: channel, to: entry).visitor.kind
        }
        let server = "0f6c2b54-9a53-4b1d-8d4e-1f2a3b4c5d6e"
        #expect(kind("/v1/client/m/info", .machines) == .machines)
        #expect(kind("/v1/client/m/register", .everybody) == .machines)
        #expect(kind("/v1/patches/file", .downloaders) == .machines)
        #expect(kind("/v1/patches/file", .downloaders, deployment: server) == .strangers)
        #expect(kind(Paths.syncHead, .downstreams) == .strangers)
        #expect(kind(Paths.changes, .administrators(.operate)) == .strangers)
        #expect(kind(Paths.login, .everybody) == .strangers)
    }
}
