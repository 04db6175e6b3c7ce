import Foundation
import LivepatchKit
import LivepatchTesting

/// A downstream whose storage is of our own making: everything is kept twice, and one side may be lost.
@main
struct CustomStorage {
    static func main() async {
        do {
            try await run()
            print("Everything was as expected.")
        } catch {
            print("✗ \(error)")
            exit(1)
        }
    }

    private static func run() async throws {
        // Two directories on two disks would be `DirectoryPatchStorage`s.
        let left = InMemoryPatchStorage()
        let right = InMemoryPatchStorage()
        let mirror = MirroredPatchStorage(first: left, second: right)

        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site", storage: mirror)
        let secret = try await origin.issue("edge", "site")
        for kernel in 107...116 { try await origin.release(name(kernel), content(of: kernel)) }
        let report = await site.sync(from: origin, secret: secret)
        try expect(report.result == .complete && report.files == 10, "a sync brought 10 files")
        try expect(await [held(left), held(right)] == [10, 10], "each side has them all")

        for kernel in 107...110 { try await left.remove(SHA256Digest(of: content(of: kernel))) }
        let care = StorageCare(
            catalog: site.catalog, storage: mirror, lock: InMemoryStorageLock(), intake: nil, repairs: nil, now: { Date() })
        let verification = try await care.verify(repair: false, by: "admin")
        try expect(
            verification.files == 10 && !verification.needsAttention, "the left side lost 4, and everything is still served")
        try expect(await mirror.mend() == 4, "mending copied 4 files")
        try expect(await [held(left), held(right)] == [10, 10], "each side has them all again")

        let filling = MirroredPatchStorage(first: InMemoryPatchStorage(), second: InMemoryPatchStorage(capacity: 50_000))
        let small = try await InProcessServer(id: "small", storage: filling)
        let failed = await small.sync(from: origin, secret: secret)
        try expect(
            failed.result == .failed && failed.failures.first?.code == LivepatchError.Code.storageFull.rawValue,
            "a side that is full stops a sync before it begins")
    }

    private static func name(_ kernel: Int) -> String {
        "livepatch-5.15.0-\(kernel).\(kernel + 10)-generic-107.1-amd64.tar.bz2"
    }

    private static func content(of kernel: Int) -> [UInt8] {
        (0..<100_000).map { UInt8(truncatingIfNeeded: ($0 &* kernel) >> 5) }
    }

    private static func held(_ storage: InMemoryPatchStorage) async throws -> Int {
        try await storage.contents().reduce(0) { count, _ in count + 1 }
    }

    private static func expect(_ isTrue: Bool, _ what: String) throws {
        guard isTrue else { throw Surprise(what: what) }
        print("✓ \(what)")
    }
}

/// Something was not as this example says.
struct Surprise: Error, CustomStringConvertible {
    let what: String
    var description: String { "This was not so: \(what)." }
}
