import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1
import Testing

/// Downloads files from a server with a sync token, and holds what comes against what is listed.
struct Downloads: Sendable {
    let url: String
    let token: String

    /// Every file that is not blocked has the listed content; every file that is blocked is not there.
    func check(_ files: [(name: PatchFileName, digest: SHA256Digest, isBlocked: Bool)], _ comment: String) async throws {
        try await withThrowingTaskGroup { group in
            for file in files {
                group.addTask {
                    var request = HTTPClientRequest(url: url + Paths.patchFile(file.name))
                    request.headers.add(name: "authorization", value: "Bearer \(token)")
                    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
                    let body = try await answer.body.collect(upTo: 64 << 20)
                    if file.isBlocked {
                        #expect(answer.status.code == 404, "\(file.name) is blocked, \(comment)")
                    } else {
                        #expect(answer.status.code == 200, "\(file.name) is listed, \(comment)")
                        #expect(SHA256Digest(of: Array(body.readableBytesView)) == file.digest, "\(file.name), \(comment)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
