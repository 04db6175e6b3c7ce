import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

/// Downloads from one place, and holds what comes against what the origin was given.
struct Customer: Sendable {
    /// The server, for messages and blocks.
    let place: String
    let ledger: Ledger
    let findings: Findings

    /// Downloads a file. Whatever bytes come have to be those of the file, and none may come of a blocked one.
    /// - Parameter url: without the path; `nil` while there is no server.
    /// - Returns: the status; `nil` if there was no whole answer.
    @discardableResult func download(_ name: PatchFileName, from url: String?, token: String) async -> UInt? {
        guard let url else { return nil }
        let blockade = ledger.blockade(of: name.version, at: place)
        var request = HTTPClientRequest(url: url + Paths.patchFile(name))
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        var bytes: [UInt8] = []
        var status: UInt?
        var isWhole = false
        do {
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(15))
            status = answer.status.code
            for try await piece in answer.body { bytes += piece.readableBytesView }
            isWhole = true
        } catch {}
        guard status == 200 else { return isWhole ? status : nil }
        if let blockade, ledger.blockade(of: name.version, at: place) == blockade {
            findings.report(.blocked, "\(place) serves \(name), which was blocked before")
        }
        guard let truth = ledger.truth(of: name) else {
            findings.report(.verified, "\(place) serves \(name), which nobody has released")
            return status
        }
        if isWhole ? bytes != truth : !truth.starts(with: bytes) {
            findings.report(.verified, "\(place) serves \(name) with other bytes than its origin released")
        }
        findings.count(isWhole ? "downloads" : "downloads cut off")
        return isWhole ? status : nil
    }
}
