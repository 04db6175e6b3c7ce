import Foundation
import LivepatchKit
import Processes
import Testing

/// Asks as a downstream of an earlier release did.
struct EarlierDownstream {
    let port: Int
    let token: String

    /// Reads what was at a path. Signed metadata has its version in its name, which is the one that is published now.
    func read(_ path: String) async throws -> RawAnswer { try await ask(port, "GET", try await present(path), fields()) }

    /// Tells of machines, with the fields that it had then.
    func tell(_ path: String, _ asked: [String: String], _ body: [UInt8]) async throws -> RawAnswer {
        try await ask(
            port, "POST", path, asked.merging(["Authorization": "Bearer \(token)"]) { $1 },
            body: String(decoding: body, as: UTF8.self))
    }

    /// Whether the bytes may never be other ones.
    func isSameForever(_ path: String) -> Bool {
        ["/v1/patches/", "/v1/sync/targets/", "/v1/sync/versions/"].contains { path.hasPrefix($0) }
            || path.hasSuffix("/1.root.json")
    }

    /// Asks for nothing new, and for the rest of files.
    func goOn(_ files: [String]) async throws {
        let tag = try #require(try await ask(port, "GET", "/v1/sync/head", fields()).header("etag"))
        #expect(try await ask(port, "GET", "/v1/sync/head", fields(["If-None-Match": tag])).status == 304)
        for file in files {
            let whole = try await ask(port, "GET", file, fields())
            let tag = try #require(whole.header("etag"))
            let rest = try await ask(port, "GET", file, fields(["Range": "bytes=10-", "If-Range": tag]))
            #expect(rest.status == 206 && rest.body == Array(whole.body.dropFirst(10)))
            #expect(rest.header("content-range") == "bytes 10-\(whole.body.count - 1)/\(whole.body.count)")
        }
    }

    private func fields(_ more: [String: String] = [:]) -> [String: String] {
        ["Authorization": "Bearer \(token)", "Livepatch-Deployment": "site-then"].merging(more) { $1 }
    }

    private func present(_ path: String) async throws -> String {
        let parts = path.split(separator: "/").map(String.init)
        guard path.contains("/metadata/"), let name = parts.last,
            let match = name.wholeMatch(of: /[0-9]+\.(.+)/), match.1 != "root.json"
        else { return path }
        let folder = "/" + parts.dropLast().joined(separator: "/") + "/"
        let file = String(match.1)
        let snapshot = try await version(of: "snapshot.json", in: "timestamp.json", at: folder)
        let version =
            file == "snapshot.json"
            ? snapshot
            : try await version(of: file.removingPercentEncoding ?? file, in: "\(snapshot).snapshot.json", at: folder)
        return "\(folder)\(version).\(file)"
    }

    private func version(of file: String, in document: String, at folder: String) async throws -> Int {
        let answer = try await ask(port, "GET", folder + document, fields())
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        let meta = (object?["signed"] as? [String: Any])?["meta"] as? [String: Any]
        return try #require((meta?[file] as? [String: Any])?["version"] as? Int, "\(folder)\(document) does not list \(file)")
    }
}

/// Which members a JSON document has, and of which kind their values are.
struct Shape {
    private let value: Any

    init(_ bytes: [UInt8]) throws { value = try JSONSerialization.jsonObject(with: Data(bytes)) }

    /// The places where another document lacks what this one has. Members whose names are data (keys' ids, files) count by their kind.
    func missing(from other: Shape) -> [String] { Self.missing(value, other.value, at: "") }

    private static func missing(_ old: Any, _ new: Any, at place: String) -> [String] {
        switch (old, new) {
        case (let old as [String: Any], let new as [String: Any]):
            return old.flatMap { name, value in
                if let counterpart = new[name] { return missing(value, counterpart, at: "\(place).\(name)") }
                let isData = name.wholeMatch(of: /[0-9a-f]{64}|.*\.json|livepatch-.*/) != nil
                return isData && !new.isEmpty ? [] : ["\(place).\(name)"]
            }
        case (let old as [Any], let new as [Any]):
            guard let first = old.first else { return [] }
            return new.first.map { missing(first, $0, at: "\(place)[]") } ?? ["\(place)[]"]
        case (is String, is String), (is NSNumber, is NSNumber), (is NSNull, is NSNull): return []
        default: return [place]
        }
    }
}
