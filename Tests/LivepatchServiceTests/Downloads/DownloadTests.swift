import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import NIOCore
import Synchronization
import Testing

@testable import LivepatchService

@Suite("Downloads")
struct DownloadTests {
    static let tiers = ["edge", "beta", "candidate", "stable"]

    @Test(arguments: Wire.allCases)
    func `a token sees exactly what its tier offers, and the rest is as if it did not exist`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        var added: [(file: PatchFile, reach: Int)] = []
        for (index, tier) in Self.tiers.enumerated() {
            let name = "livepatch-5.15.0-107.117-generic-\(100 + index).1-amd64.tar.bz2"
            added.append((try await server.add(name, Array("content \(index)".utf8), upTo: tier), index))
        }
        let files = added
        let blocked = try await server.add(
            "livepatch-5.15.0-107.117-generic-200.1-amd64.tar.bz2", Array("b".utf8), upTo: "stable")
        _ = try await server.parts.administration.carryOut(.block(version: blocked.name.version, reason: "bad"), by: "test")
        let gone = try await server.add("livepatch-5.15.0-107.117-generic-201.1-amd64.tar.bz2", Array("g".utf8), upTo: "stable")
        try await server.catalog.setAvailable(false, [gone.name])
        let nowhere = try await server.add("livepatch-5.15.0-107.117-generic-202.1-amd64.tar.bz2", Array("n".utf8))
        _ = try await server.parts.administration.carryOut(
            .withdraw(version: nowhere.name.version, tier: try TierName(parsing: "edge")), by: "test")

        try await server.test(wire) { client in
            for (position, tier) in Self.tiers.enumerated() {
                let secret = try await server.secret(tier)
                var refusals: Set<String> = []
                func refuse(_ name: String) async throws {
                    let response = try await client.send(.get, "/v1/patches/\(name)", token: secret)
                    #expect(response.status == .notFound, "\(tier) \(name)")
                    refusals.insert(
                        response.fingerprint.replacing(name, with: "NAME").replacing(/(?i)content-length: \d+/, with: ""))
                }
                for (file, reach) in files {
                    guard reach < position else {
                        let response = try await client.send(.get, Paths.patchFile(file.name), token: secret)
                        #expect(response.status == .ok, "\(tier) \(file.name)")
                        #expect(SHA256Digest(of: response.bytes) == file.digest)
                        continue
                    }
                    try await refuse(file.name.description)
                }
                for file in [blocked, gone, nowhere] { try await refuse(file.name.description) }
                try await refuse("livepatch-5.15.0-107.117-generic-999.1-amd64.tar.bz2")
                try await refuse("passwd")
                try await refuse("livepatch.tar.bz2")
                #expect(refusals.count == 1, "\(refusals)")
            }
        }
    }

    @Test func `an administrator may fetch what no tier offers`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        _ = try await server.parts.administration.carryOut(.block(version: file.name.version, reason: "bad"), by: "test")
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.send(.get, Paths.patchFile(file.name), token: session)
            #expect(response.status == .ok)
            let stranger = try await client.send(.get, Paths.patchFile(file.name))
            #expect(stranger.status == .unauthorized)
        }
    }

    /// Longer than two chunks, every byte telling its place.
    private static let long = (0..<(OpenedContent.chunkSize * 2 + 1000)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    private static let name = "livepatch-5.15.0-107.117+fips1-generic-64k-107.1-arm64.tar.bz2"

    private func serving(
        _ bytes: [UInt8] = long, _ wire: Wire,
        _ body: @escaping @Sendable (any TestClientProtocol, PatchFile, String) async throws -> Void
    ) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name, bytes)
        let secret = try await server.secret("edge")
        try await server.test(wire) { try await body($0, file, secret) }
    }

    @Test(arguments: Wire.allCases)
    func `a whole file comes with everything that a client needs to check and resume it`(_ wire: Wire) async throws {
        try await serving(Self.long, wire) { client, file, secret in
            for path in [Paths.patchFile(file.name), "/v1/patches/\(Self.name.replacing("+", with: "%2B"))"] {
                let response = try await client.send(.get, path, token: secret)
                #expect(response.status == .ok)
                #expect(response.bytes == Self.long)
                #expect(response.headers[.contentLength] == "\(Self.long.count)")
                #expect(response.headers[.contentType] == "application/x-bzip2")
                #expect(response.headers[.eTag] == "\"\(file.digest)\"")
                #expect(response.headers[.acceptRanges] == "bytes")
                #expect(response.headers[.contentDisposition] == "attachment; filename=\"\(Self.name)\"")
                let head = try await client.send(.head, path, token: secret)
                #expect(head.status == .ok)
                #expect(head.body.readableBytes == 0)
                #expect(head.headers[.contentLength] == "\(Self.long.count)")
                #expect(head.headers[.eTag] == response.headers[.eTag])
            }
        }
    }

    @Test(arguments: Wire.connections)
    func `over a socket, HEAD and 304 leave the connection in order`(_ wire: Wire) async throws {
        try await serving(Self.long, wire) { client, file, secret in
            let path = Paths.patchFile(file.name)
            let tag = "\"\(file.digest)\""
            for _ in 0..<3 {
                #expect(try await client.send(.head, path, token: secret).headers[.contentLength] == "\(Self.long.count)")
                let unchanged = try await client.send(.get, path, token: secret, headers: [.ifNoneMatch: tag])
                #expect(unchanged.status == .notModified)
                #expect(try await client.send(.get, path, token: secret).bytes == Self.long)
                #expect(try await client.send(.head, "/nothing").status == .notFound)
                let part = try await client.send(.get, path, token: secret, headers: [.range: "bytes=-7"])
                #expect(part.bytes == Array(Self.long.suffix(7)))
            }
        }
    }

    @Test(
        arguments: Wire.allCases,
        [
            ("bytes=0-0", 0, 1), ("bytes=262143-262144", 262_143, 262_145), ("bytes=100-", 100, long.count),
            ("bytes=-100", long.count - 100, long.count), ("bytes=0-\(long.count)", 0, long.count),
        ])
    func `a range is exactly that part`(_ wire: Wire, _ asked: (field: String, start: Int, end: Int)) async throws {
        let (field, start, end) = asked
        try await serving(Self.long, wire) { client, file, secret in
            let response = try await client.send(.get, Paths.patchFile(file.name), token: secret, headers: [.range: field])
            #expect(response.status == .partialContent)
            #expect(response.bytes == Array(Self.long[start..<end]))
            #expect(response.headers[.contentRange] == "bytes \(start)-\(end - 1)/\(Self.long.count)")
            #expect(response.headers[.contentLength] == "\(end - start)")
            #expect(response.headers[.eTag] == "\"\(file.digest)\"")
        }
    }

    @Test(arguments: Wire.allCases)
    func `a range beyond the end is refused with the length`(_ wire: Wire) async throws {
        try await serving(Array("0123456789".utf8), wire) { client, file, secret in
            for field in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
                let response = try await client.send(.get, Paths.patchFile(file.name), token: secret, headers: [.range: field])
                #expect(response.status == .rangeNotSatisfiable)
                #expect(response.headers[.contentRange] == "bytes */10")
                #expect(response.problem?.code == "range-not-satisfiable")
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func `several ranges, other units and nonsense get the whole file`(_ wire: Wire) async throws {
        try await serving(Array("0123456789".utf8), wire) { client, file, secret in
            for field in ["bytes=0-1,3-4", "lines=0-1", "bytes=5-4", "bytes=x", "nonsense"] {
                let response = try await client.send(.get, Paths.patchFile(file.name), token: secret, headers: [.range: field])
                #expect(response.status == .ok, "\(field)")
                #expect(response.text == "0123456789")
                #expect(response.headers[.contentRange] == nil)
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func `If-Range lets a range through only for the same content`(_ wire: Wire) async throws {
        try await serving(Array("0123456789".utf8), wire) { client, file, secret in
            let same = "\"\(file.digest)\""
            for (field, status) in [
                (same, 206), ("W/\(same)", 200), ("\"other\"", 200), ("Sat, 01 Jun 2024 12:00:00 GMT", 200),
            ] {
                let response = try await client.send(
                    .get, Paths.patchFile(file.name), token: secret, headers: [.range: "bytes=8-", .ifRange: field])
                #expect(response.status.code == status, "\(field)")
                #expect(response.text == (status == 206 ? "89" : "0123456789"))
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func `a range means nothing to HEAD, and a match goes before a range`(_ wire: Wire) async throws {
        try await serving(Array("0123456789".utf8), wire) { client, file, secret in
            let head = try await client.send(.head, Paths.patchFile(file.name), token: secret, headers: [.range: "bytes=8-"])
            #expect(head.status == .ok)
            #expect(head.headers[.contentLength] == "10")
            let match = try await client.send(
                .get, Paths.patchFile(file.name), token: secret,
                headers: [.range: "bytes=8-", .ifNoneMatch: "\"\(file.digest)\""])
            #expect(match.status == .notModified)
        }
    }

    @Test(arguments: Wire.allCases)
    func `content that has gone missing is not offered again`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name)
        let secret = try await server.secret("edge")
        try await server.storage.remove(file.digest)
        try await server.test(wire) { client in
            let response = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(response.status == .notFound)
            #expect(try await server.catalog.file(file.name)?.available == false)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a storage that fails is a fault of the server's, told without its reasons`(_ wire: Wire) async throws {
        let storage = InMemoryPatchStorage { step in
            if case .open = step { throw LivepatchError(.storageUnavailable, "cannot open /var/secret") }
        }
        let server = try await ServerUnderTest(storage: storage)
        let file = try await server.add(Self.name)
        let secret = try await server.secret("edge")
        try await server.test(wire) { client in
            let response = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(response.status == .internalServerError)
            #expect(response.problem?.code == "storage-unavailable")
            #expect(!response.text.contains("secret"))
        }
    }

    /// A server whose upstream has a file that is not here yet.
    private func awaiting(
        _ bytes: [UInt8], probe: @escaping @Sendable (ProbedUpstream.Step) async throws -> Void = { _ in },
        falsify: ProbedUpstream.Falsifier? = nil
    ) async throws -> (ServerUnderTest, PatchFile, String) {
        let origin = try await InProcessServer(id: "origin")
        try await origin.release(Self.name, bytes)
        var server = try await ServerUnderTest()
        let file = try await server.add(Self.name, bytes)
        try await server.storage.remove(file.digest)
        let upstream = ProbedUpstream(
            origin.upstream(secret: try await origin.issue("edge", "site")), probe: probe, falsify: falsify)
        let settings = Transfers.Settings(retry: RetryPolicy(attempts: 1), bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let fetcher = ContentFetcher(
            transfers: Transfers(upstream: upstream, storage: server.storage, settings: settings), storage: server.storage,
            catalog: server.catalog, settings: .init(concurrency: 2), logger: server.log.logger(label: "fetches"))
        server.parts.fetcher = fetcher
        server.parts.delivery = PatchDelivery(
            catalog: server.catalog, tiers: server.parts.tiers, storage: server.storage, fetcher: fetcher, mode: .onDemand)
        return (server, file, try await server.secret("edge"))
    }

    @Test func `what is not here yet is fetched, and answered as if it were`() async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let asked = Mutex(0)
        let (server, file, secret) = try await awaiting(
            bytes, probe: { step in if case .content = step { asked.withLock { $0 += 1 } } })
        try await server.application.test(.live) { client in
            let tag = #""\#(file.digest)""#
            let head = try await client.send(.head, Paths.patchFile(file.name), token: secret)
            #expect(head.status == .ok && head.headers[.eTag] == tag && head.headers[.contentLength] == "300000")
            let known = try await client.send(
                .get, Paths.patchFile(file.name), token: secret, headers: [.ifNoneMatch: tag])
            #expect(known.status == .notModified)
            #expect(asked.withLock { $0 } == 0, "nobody wanted content")
            let part = try await client.send(
                .get, Paths.patchFile(file.name), token: secret, headers: [.range: "bytes=100000-100009"])
            #expect(part.status == .partialContent && Array(part.body.readableBytesView) == Array(bytes[100_000..<100_010]))
            #expect(part.headers[.contentRange] == "bytes 100000-100009/300000")
            let whole = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(whole.status == .ok && Array(whole.body.readableBytesView) == bytes && whole.headers[.eTag] == tag)
            #expect(asked.withLock { $0 } == 1)
        }
    }

    @Test func `what cannot be fetched is a problem that says when to ask again, and nothing about the upstream`() async throws {
        let (server, file, secret) = try await awaiting(
            [UInt8](repeating: 1, count: 1000),
            probe: { step in
                if case .content = step { throw LivepatchError(.upstreamUnreachable, "https://secret.example does not answer.") }
            })
        try await server.application.test(.router) { client in
            for headers: HTTPFields in [[:], [.range: "bytes=0-9"]] {
                let response = try await client.send(.get, Paths.patchFile(file.name), token: secret, headers: headers)
                #expect(response.status == .serviceUnavailable)
                #expect(response.problem?.code == "content-not-fetched")
                #expect(response.problem?.suggestion?.contains("Ask again") == true)
                #expect((response.headers[.retryAfter].flatMap { Int($0) }).map { (1...5).contains($0) } == true)
                #expect(!response.text.contains("secret.example"))
            }
        }
        #expect(server.log.lines.contains { $0.contains("secret.example") })
    }

    @Test func `what proves false is no whole answer`() async throws {
        let bytes = [UInt8](repeating: 3, count: 400_000)
        let (server, file, secret) = try await awaiting(bytes, falsify: { _, chunk in chunk.map { $0 ^ 1 } })
        try await server.application.test(.live) { client in
            let length = Mutex(0)
            await #expect(throws: (any Error).self) {
                let response = try await client.send(.get, Paths.patchFile(file.name), token: secret)
                length.withLock { $0 = response.body.readableBytes }
                if response.status != .ok { throw LivepatchError(.contentNotFetched, response.text) }
            }
            #expect(length.withLock { $0 } < bytes.count)
        }
        #expect(try await server.storage.length(of: file.digest) == nil)
    }

    @Test(arguments: Wire.allCases)
    func `where downloads are redirected, only who may have the file learns where it is`(_ wire: Wire) async throws {
        var server = try await ServerUnderTest()
        server.options.downloadRedirect = "https://cdn.example.com/p/{filename}?x=1"
        let file = try await server.add(Self.name)
        let secret = try await server.secret("edge")
        let stable = try await server.secret("stable")
        try await server.test(wire) { client in
            let response = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(response.status == .found)
            #expect(response.headers[.location] == "https://cdn.example.com/p/\(Paths.segment(Self.name))?x=1")
            #expect(try await client.send(.get, Paths.patchFile(file.name), token: stable).status == .notFound)
        }
    }
}
