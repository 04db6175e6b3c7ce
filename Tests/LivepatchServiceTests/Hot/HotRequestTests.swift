import FoundationEssentials
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1
import Testing

@testable import LivepatchService

@Suite("Requests that are recognized") struct HotRequestTests {
    private static let path = "/v1/patches/livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    private func request(
        _ method: HTTPMethod = .GET, _ uri: String = path, _ version: HTTPVersion = .http1_1,
        _ more: [(String, String)] = [], authorization: String? = "Bearer s"
    ) -> HotRequest? {
        var headers = HTTPHeaders([("Host", "x"), ("User-Agent", "y"), ("TraceParent", "z")] + more)
        if let authorization { headers.add(name: "AUTHORIZATION", value: authorization) }
        return HotRequest(HTTPRequestHead(version: version, method: method, uri: uri, headers: headers))
    }

    @Test func `what a download says is read, in any case of letters`() throws {
        let whole = try #require(request())
        #expect(whole.path == Self.path && whole.authorization == "Bearer s" && whole.deployment == nil)
        #expect(whole.subject == .download && whole.conditions == DownloadAnswer.Conditions())
        let part = try #require(
            request(
                .HEAD, "/v1/sync/targets/00.x", .http1_1,
                [
                    ("RANGE", "bytes=1-2"), ("if-range", "\"a\""), ("If-None-Match", "\"b\", *"), ("livepatch-deployment", "d"),
                    ("Connection", "Keep-Alive"), ("Content-Length", "0"),
                ]))
        #expect(part.subject == .download && part.method == .head)
        #expect(
            part.conditions
                == DownloadAnswer.Conditions(isHead: true, range: "bytes=1-2", ifRange: "\"a\"", ifNoneMatch: "\"b\", *"))
    }

    @Test func `a check-in is recognized by its path, and takes the body that was announced`() throws {
        func checkIn(_ path: String, _ fields: [(String, String)] = [("Content-Length", "5")]) -> HotRequest? {
            request(.POST, path, .http1_1, fields)
        }
        var report = try #require(checkIn("/v1/client/m-1/updates"))
        #expect(report.subject == .checkIn(try MachineID(parsing: "m-1")) && report.method == .post && report.length == 5)
        for (part, isTaken) in [("abc", true), ("de", true), ("f", false)] {
            let taken = report.take(ByteBuffer(string: part))
            #expect(taken == isTaken, "\(part)")
        }
        #expect(report.body == ByteBuffer(string: "abcdef"))
        for path in [
            "/v1/client/m-1", "/v1/client/m-1/pings", "/v1/client/updates", "/v1/client//updates", "/v1/client/m%2D1/updates",
            "/v1/client/m/1/updates", "/v1/client/m-1/updates?", "/v1/client/m-1/updates/",
        ] { #expect(checkIn(path) == nil, "\(path)") }
        for fields in [
            [("Content-Length", "8193")], [("Content-Length", "-1")], [("Content-Length", "x")], [("Content-Length", "5, 5")],
            [("Content-Length", "5"), ("Content-Length", "5")], [("Content-Length", "5"), ("Idempotency-Key", "k")],
            [("Content-Length", "5"), ("Content-Encoding", "gzip")], [("Transfer-Encoding", "chunked")],
            [("Content-Length", "5"), ("Expect", "100-continue")],
        ] { #expect(checkIn("/v1/client/m-1/updates", fields) == nil, "\(fields)") }
    }

    @Test func `the head, the documents and the metadata of a view are recognized`() throws {
        let edge = try TierName(parsing: "edge")
        let view = MetadataRepository.view(edge)
        let origin = MetadataRepository.origin(try DeploymentID(parsing: "origin-1"))
        for (path, subject, template) in [
            (Paths.syncHead, PublishedSubject.head, Paths.syncHead),
            (Paths.syncRevocations, .document(.revocations), Paths.syncRevocations),
            (Paths.syncTiers, .document(.tiers), Paths.syncTiers),
            (Paths.syncCoverage, .document(.coverage), Paths.syncCoverage),
            (Paths.syncDocument(.tier(edge)), .document(.tier(edge)), Paths.syncTierTemplate),
            (
                Paths.metadata(MetadataFile("3.root.json", of: view)), .metadata(MetadataFile("3.root.json", of: view)),
                Paths.viewMetadataTemplate
            ),
            (
                Paths.metadata(MetadataFile("timestamp.json", of: origin)), .metadata(MetadataFile("timestamp.json", of: origin)),
                Paths.originMetadataTemplate
            ),
        ] {
            let asked = try #require(DocumentRequest(target: path))
            #expect(asked.subject == subject && asked.template == template)
            #expect(try #require(request(.GET, path)).subject == .document(asked))
            let known = try #require(request(.GET, path, .http1_1, [("If-None-Match", "\"a\"")]))
            #expect(known.subject == .document(asked) && known.conditions.ifNoneMatch == "\"a\"" && known.method == .get)
            #expect(request(.HEAD, path) == nil && request(.GET, path + "?") == nil && request(.GET, path + "/") == nil)
        }
        for path in [
            Paths.syncEvents, "/v1/sync/versions/107.1", "/v1/sync/traces/107.1", "/v1/sync/tiers/", "/v1/sync/tiers/NO",
            "/v1/sync/tiers/%65dge", "/v1/sync//tiers/edge", "/v1/sync/metadata/tiers/edge", "/v1/sync/metadata/tiers/edge/x",
            "/v1/sync/metadata/tiers/edge/7.patch-107.1.json", "/v1/sync/metadata/others/edge/timestamp.json",
            "/v1/sync/metadata/tiers//timestamp.json", "/v1/sync/",
        ] { #expect(request(.GET, path) == nil, "\(path)") }
    }

    @Test func `everything else is not for it`() {
        #expect(request(authorization: nil) == nil)
        #expect(request(.POST) == nil && request(.GET, "/v1/patches") == nil && request(.GET, "/") == nil)
        #expect(request(.GET, Self.path + "?a=b") == nil && request(.GET, "http://x" + Self.path) == nil)
        #expect(request(.GET, Self.path, .http1_0) == nil)
        for field in [
            ("Connection", "close"), ("Connection", "keep-alive, Upgrade"), ("Upgrade", "h2c"), ("Content-Length", "1"),
            ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"), ("TE", "trailers"), ("Authorization", "Bearer t"),
        ] {
            #expect(request(.GET, Self.path, .http1_1, [field]) == nil, "\(field)")
        }
        for name in ["Range", "If-Range", "If-None-Match"] {
            #expect(request(.GET, Self.path, .http1_1, [(name, "a"), (name.lowercased(), "b")]) == nil, "\(name)")
        }
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_750_000_000.9, "Sun, 15 Jun 2025 15:06:40 GMT"),
        (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ])
    func `times are written as HTTP wants them`(_ seconds: Double, _ text: String) {
        #expect(HTTPDate.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}
