import FoundationEssentials
import LivepatchArchive
import LivepatchKit
import Synchronization
import Testing

@Suite struct `Bundles as tar archives` {
    private static let members: [(name: String, bytes: [UInt8])] = [
        ("bundle.json", Array("{}".utf8)), ("empty", []), ("contents/block", [UInt8](repeating: 7, count: 512)),
        (
            "metadata/origins/\(String(repeating: "d", count: 64))/1763800000.tier-\(String(repeating: "t", count: 63)).json",
            [1, 2, 3]
        ),
        ("contents/last", [UInt8](repeating: 9, count: 1025)),
    ]

    private func archive(_ members: [(name: String, bytes: [UInt8])] = Self.members) async throws -> [UInt8] {
        let written = WrittenBytes()
        let writer = TarBundleWriter(modified: Date(timeIntervalSince1970: 1_763_800_000)) { written.append($0) }
        for member in members {
            try await writer.begin(member.name, length: Int64(member.bytes.count))
            try await writer.append(Array(member.bytes.prefix(100)))
            try await writer.append(Array(member.bytes.dropFirst(100)))
        }
        try await writer.finish()
        return written.bytes
    }

    private func refusal(_ bytes: [UInt8]) -> LivepatchError.Code? {
        let error = #expect(throws: LivepatchError.self) { _ = try TarBundle(MemoryContent(bytes)) }
        return error?.code
    }

    @Test func `members read back, whole and in part, and in any order`() async throws {
        let bundle = try TarBundle(MemoryContent(try await archive()))
        #expect(bundle.first == "bundle.json")
        #expect(bundle.lengths == Dictionary(uniqueKeysWithValues: Self.members.map { ($0.name, Int64($0.bytes.count)) }))
        for member in Self.members.reversed() {
            #expect(try bundle.read(member.name, at: 0, count: 1 << 20) == member.bytes)
            #expect(try bundle.read(member.name, at: 1, count: 600) == Array(member.bytes.dropFirst().prefix(600)))
            #expect(try bundle.read(member.name, at: Int64(member.bytes.count), count: 1) == [])
        }
    }

    @Test func `libarchive reads what we write`() async throws {
        let listed = try ListedArchive.entries(of: try await archive())
        #expect(listed.map(\.name) == Self.members.map(\.name))
        #expect(listed.map(\.bytes) == Self.members.map(\.bytes))
    }

    @Test func `cut off anywhere it is refused`() async throws {
        let bytes = try await archive()
        for length in 0..<bytes.count { #expect(refusal(Array(bytes[..<length])) == .bundleInvalid, "\(length)") }
        _ = try TarBundle(MemoryContent(bytes + [UInt8](repeating: 0, count: 9 * 512)))
    }

    @Test func `what follows its end is refused`() async throws {
        let bytes = try await archive()
        #expect(refusal(bytes + [1]) == .bundleInvalid)
        #expect(refusal(bytes + bytes) == .bundleInvalid)
        #expect(refusal(bytes + [UInt8](repeating: 0, count: 2 << 20)) == .bundleInvalid)
    }

    @Test func `two members of one name are refused`() async throws {
        let member = (name: "contents/a", bytes: [UInt8](repeating: 1, count: 3))
        #expect(refusal(try await archive(Self.members + [member, member])) == .bundleInvalid)
    }

    @Test func `every changed byte of a header is refused, or changes nothing that is read`() async throws {
        let bytes = try await archive()
        let good = try TarBundle(MemoryContent(bytes))
        for place in 0..<512 {
            var changed = bytes
            changed[place] ^= 0x41
            guard let bundle = try? TarBundle(MemoryContent(changed)) else { continue }
            // Only what stands behind the end of the checksum's digits is not covered by it.
            #expect(bundle.lengths == good.lengths && (154..<156).contains(place), "\(place)")
        }
    }

    @Test(arguments: ["1", "2", "5", "x", "L", "S"])
    func `members that are no regular files are refused`(kind: String) async throws {
        var bytes = try await archive()
        bytes[156] = Array(kind.utf8)[0]
        #expect(refusal(resummed(bytes)) == .bundleInvalid)
    }

    @Test(arguments: [
        Array("77777777777\0".utf8), Array("-0000000001\0".utf8), [0x80] + [UInt8](repeating: 0xFF, count: 11),
        [0xFF] + [UInt8](repeating: 0xFF, count: 11), [0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7),
    ])
    func `absurd lengths are refused`(field: [UInt8]) async throws {
        var bytes = try await archive()
        bytes.replaceSubrange(124..<136, with: field)
        #expect(refusal(resummed(bytes)) == .bundleInvalid)
    }

    @Test func `what is no archive is refused`() {
        #expect(refusal([]) == .bundleInvalid)
        #expect(refusal([UInt8](repeating: 0x42, count: 4096)) == .bundleInvalid)
    }

    @Test func `content beyond 8 GiB has its length in the header, and is not read to find the next`() async throws {
        let length: Int64 = 9 << 30
        let head = WrittenBytes()
        let writer = TarBundleWriter(modified: Date(timeIntervalSince1970: 0)) { head.append($0) }
        try await writer.begin("huge", length: length)
        let huge = HugeContent(header: head.bytes, length: 512 + length + 1024)
        #expect(try TarBundle(huge).lengths == ["huge": length])
        #expect(huge.readBytes.withLock { $0 } < 10_000)
    }

    @Test func `a writer that is told wrong lengths says so`() async throws {
        let writer = TarBundleWriter(modified: Date(timeIntervalSince1970: 0)) { _ in }
        try await writer.begin("a", length: 3)
        await #expect(throws: LivepatchError.self) { try await writer.append([1, 2, 3, 4]) }
        await #expect(throws: LivepatchError.self) { try await writer.finish() }
        await #expect(throws: LivepatchError.self) { try await writer.begin("b", length: 1) }
        let other = TarBundleWriter(modified: Date(timeIntervalSince1970: 0)) { _ in }
        await #expect(throws: LivepatchError.self) { try await other.begin(String(repeating: "n", count: 101), length: 1) }
    }

    /// The archive with the first header's checksum as it should be.
    private func resummed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let digits = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
        bytes.replaceSubrange(148..<156, with: text.utf8)
        return bytes
    }
}

/// Bytes in the order in which they were written.
private final class WrittenBytes: Sendable {
    private let state = Mutex<[UInt8]>([])

    var bytes: [UInt8] { state.withLock { $0 } }

    func append(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }
}

/// A header, and then zeros beyond what would fit into memory.
private final class HugeContent: StoredContentReader {
    let header: [UInt8]
    let length: Int64
    let readBytes = Mutex(0)

    init(header: [UInt8], length: Int64) {
        self.header = header
        self.length = length
    }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        readBytes.withLock { $0 += count }
        let taken = Int(min(Int64(count), max(0, length - offset)))
        return (0..<taken).map { offset + Int64($0) < Int64(header.count) ? header[Int(offset) + $0] : 0 }
    }

    func close() {}
}
