import CArchive
import LivepatchArchive
import LivepatchKit
import Testing

@Suite struct TarballReaderTests {
    let module = TestArchive.Entry(path: "./patch/a.ko", bytes: Array(repeating: 7, count: 100_000))
    let json = TestArchive.Entry(path: "patch/patch.json", bytes: Array("{}".utf8))

    private func read(_ bytes: [UInt8], limits: PatchArchiveLimits = PatchArchiveLimits()) throws -> PatchArchiveContents {
        try TarballReader().unpack(MemoryContent(bytes), limits: limits)
    }

    private func expect(
        _ code: LivepatchError.Code, _ words: String, limits: PatchArchiveLimits = PatchArchiveLimits(), _ bytes: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: LivepatchError.self, sourceLocation: sourceLocation) { try read(bytes, limits: limits) }
        #expect(error?.code == code, "\(error?.message ?? "-")", sourceLocation: sourceLocation)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "-")", sourceLocation: sourceLocation)
    }

    @Test(arguments: ["pax", "ustar", "gnu"])
    func `module and metadata are taken out, the rest is passed over`(format: String) throws {
        let other = TestArchive.Entry(path: "patch/README", bytes: Array(repeating: 1, count: 5000))
        let folder = TestArchive.Entry(path: "patch/", type: 0o040000)
        let formats = [
            "pax": archive_write_set_format_pax, "ustar": archive_write_set_format_ustar, "gnu": archive_write_set_format_gnutar,
        ]
        let contents = try read(TestArchive.make([folder, other, module, json], format: try #require(formats[format])))
        #expect(contents.modules == [.init(path: "patch/a.ko", bytes: module.bytes)])
        #expect(contents.metadata == .init(path: "patch/patch.json", bytes: json.bytes))
    }

    @Test func `of a second module the name is kept, for the error`() throws {
        let second = TestArchive.Entry(path: "b.ko", bytes: [1])
        let contents = try read(TestArchive.make([module, second]))
        #expect(contents.modules == [.init(path: "patch/a.ko", bytes: module.bytes), .init(path: "b.ko", bytes: [])])
    }

    @Test func `several bzip2 streams after one another, as parallel compressors write them, are one`() throws {
        let tar = try TestArchive.make([module, json], filter: archive_write_add_filter_none)
        let half = tar.count / 2
        let bytes = try TestArchive.compressed(Array(tar[..<half])) + TestArchive.compressed(Array(tar[half...]))
        #expect(try read(bytes) == read(TestArchive.make([module, json])))
    }

    @Test func `what is not bzip2 is called by its name`() throws {
        expect(.patchArchiveInvalid, "it is gzip", try TestArchive.make([module], filter: archive_write_add_filter_gzip))
        expect(.patchArchiveInvalid, "it is xz", try TestArchive.make([module], filter: archive_write_add_filter_xz))
        expect(.patchArchiveInvalid, "it is zstd", try TestArchive.make([module], filter: archive_write_add_filter_zstd))
        expect(.patchArchiveInvalid, "without compression", try TestArchive.make([module], filter: archive_write_add_filter_none))
        expect(.patchArchiveInvalid, "a zip archive", Array("PK\u{3}\u{4}abcdefgh".utf8))
        expect(.patchArchiveInvalid, "a bare ELF object", Array("\u{7F}ELF\u{2}\u{1}".utf8))
        expect(.patchArchiveInvalid, "a web page", Array("<html><body>404</body></html>".utf8))
        expect(.patchArchiveInvalid, "it is empty", [])
        expect(.patchArchiveInvalid, "goes on as something else", Array("BZh9 is how bzip2 begins".utf8))
        expect(.patchArchiveInvalid, "goes on as something else", Array("BZhx".utf8))
        expect(.patchArchiveInvalid, "not compressed with bzip2", Array("hello".utf8))
        expect(.patchArchiveInvalid, "it unpacks to nothing", try TestArchive.compressed([]))
        expect(.patchArchiveInvalid, "not a tar archive", try TestArchive.compressed(Array(repeating: 0x41, count: 5000)))
    }

    @Test func `every truncation is a truncation`() throws {
        let bytes = try TestArchive.make([module, json])
        for length in 1..<bytes.count { expect(.patchTruncated, "ends before its end", Array(bytes[..<length])) }
    }

    @Test func `a tar archive that breaks off within a whole bzip2 stream is a truncation too`() throws {
        let tar = try TestArchive.make([json, module], filter: archive_write_add_filter_none)
        expect(.patchTruncated, "ends before its end", try TestArchive.compressed(Array(tar[..<50_000])))
    }

    @Test func `a flipped byte is found by the checksum, or does not matter`() throws {
        let bytes = try TestArchive.make([module, json])
        let whole = try read(bytes)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x55
            do {
                #expect(try read(changed) == whole)
            } catch {
                #expect([.patchArchiveInvalid, .patchTruncated].contains((error as? LivepatchError)?.code), "\(error)")
            }
        }
    }

    @Test func `what follows the end is refused`() throws {
        let bytes = try TestArchive.make([module])
        expect(.patchArchiveInvalid, "5 bytes follow", bytes + Array("extra".utf8))
        expect(.patchArchiveInvalid, "100000 bytes follow", bytes + Array(repeating: 0, count: 100_000))
        expect(.patchArchiveInvalid, "follows the end of the tar archive", try bytes + TestArchive.compressed([1, 2, 3]))
        #expect(try read(bytes + TestArchive.compressed([0, 0, 0])) == read(bytes))
    }

    @Test func `paths that leave the directory, links and devices are refused`() throws {
        let cases: [(String, TestArchive.Entry)] = [
            ("absolute path", .init(path: "/etc/a.ko", bytes: [1])),
            ("leads out of the directory", .init(path: "a/../../b.ko", bytes: [1])),
            ("leads out of the directory", .init(path: "..", type: 0o040000)),
            ("is a symbolic link", .init(path: "a.ko", type: 0o120000, symlink: "/etc/passwd")),
            ("is a hard link", .init(path: "c.ko", hardlink: "patch/a.ko")),
            ("is a device", .init(path: "null", type: 0o020000)),
            ("is a device", .init(path: "sda", type: 0o060000)),
            ("is a FIFO", .init(path: "fifo", type: 0o010000)),
        ]
        for (words, entry) in cases { expect(.patchArchiveInvalid, words, try TestArchive.make([module, entry])) }
        expect(.patchArchiveInvalid, "more than one patch.json", try TestArchive.make([json, module, json]))
    }

    @Test func `each bound holds`() throws {
        let bytes = try TestArchive.make([module, json])
        #expect(throws: Never.self) {
            try read(
                bytes,
                limits: PatchArchiveLimits(
                    archiveBytes: Int64(bytes.count), unpackedBytes: 200_000, moduleBytes: 100_000, metadataBytes: 2, entries: 2))
        }
        expect(.patchTooLarge, "bytes, more than the allowed", limits: .init(archiveBytes: Int64(bytes.count) - 1), bytes)
        expect(.patchTooLarge, "'patch/a.ko' in the archive has 100000 bytes", limits: .init(moduleBytes: 99_999), bytes)
        expect(.patchTooLarge, "'patch/patch.json'", limits: .init(metadataBytes: 1), bytes)
        expect(.patchTooLarge, "more than the allowed 1 entries", limits: .init(entries: 1), bytes)
        expect(.patchTooLarge, "more than the allowed 100001", limits: .init(unpackedBytes: 100_001), bytes)
    }

    @Test func `a bomb is stopped at the limit, wherever it hides`() throws {
        let zeros = try TestArchive.compressed([UInt8](repeating: 0, count: 8 << 20))
        let padded = try TestArchive.make([module]) + Array(repeatElement(zeros, count: 100).joined())
        expect(.patchTooLarge, "unpacks to more than", limits: .init(unpackedBytes: 32 << 20), padded)
        // Zeros before the first entry end a tar archive, so this one is empty and full at the same time.
        expect(.patchTooLarge, "unpacks to more than", limits: .init(unpackedBytes: 4 << 20), zeros + padded)
        let sparse = try TestArchive.make([.init(path: "a", bytes: [UInt8](repeating: 0, count: 8 << 20)), module])
        expect(.patchTooLarge, "more than the allowed", limits: .init(unpackedBytes: 4 << 20), sparse)
    }

    /// The compressions that distributions install modules in.
    static let packings: [(suffix: String, filter: @Sendable (OpaquePointer) -> Int32)] = [
        ("gz", { archive_write_add_filter_gzip($0) }), ("xz", { archive_write_add_filter_xz($0) }),
        ("zst", { archive_write_add_filter_zstd($0) }),
    ]

    /// Bytes that no compression makes much smaller.
    private func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
    }

    @Test(arguments: packings.indices)
    func `a module that is compressed by itself comes out unpacked`(index: Int) throws {
        let (suffix, filter) = Self.packings[index]
        for bytes in [noise(1), noise(200_000), Array(repeating: 7, count: 300_000)] {
            let packed = try TestArchive.compressed(bytes, filter: filter)
            let contents = try read(TestArchive.make([.init(path: "lib/a.ko.\(suffix)", bytes: packed), json]))
            #expect(contents.modules == [.init(path: "lib/a.ko.\(suffix)", bytes: bytes)])
        }
        let nothing = try TestArchive.compressed([], filter: filter)
        expect(.patchModuleInvalid, "a.ko.\(suffix)'", try TestArchive.make([.init(path: "a.ko.\(suffix)", bytes: nothing)]))
    }

    @Test(arguments: packings.indices)
    func `a compressed module beside another one is one too many`(index: Int) throws {
        let (suffix, filter) = Self.packings[index]
        let packed = TestArchive.Entry(
            path: "b.ko.\(suffix)", bytes: try TestArchive.compressed(module.bytes, filter: filter))
        let contents = try read(TestArchive.make([module, packed]))
        #expect(contents.modules.map(\.path) == ["patch/a.ko", "b.ko.\(suffix)"])
    }

    @Test(arguments: packings.indices)
    func `every truncation of a compressed module is refused, and so is what follows its end`(index: Int) throws {
        let (suffix, filter) = Self.packings[index]
        let path = "a.ko.\(suffix)"
        let packed = try TestArchive.compressed(noise(600), filter: filter)
        for length in 0..<packed.count {
            expect(.patchModuleInvalid, path, try TestArchive.make([.init(path: path, bytes: Array(packed[..<length]))]))
        }
        expect(.patchModuleInvalid, path, try TestArchive.make([.init(path: path, bytes: packed + Array("extra".utf8))]))
        expect(.patchModuleInvalid, path, try TestArchive.make([.init(path: path, bytes: noise(600))]))
        let twice = try TestArchive.compressed(packed, filter: filter)
        expect(.patchModuleInvalid, "more than once", try TestArchive.make([.init(path: path, bytes: twice)]))
    }

    /// Not of zstd, whose checksum is optional: libarchive writes none.
    @Test(arguments: packings.indices.dropLast())
    func `a flipped byte of a compressed module is found, or does not matter`(index: Int) throws {
        let (suffix, filter) = Self.packings[index]
        let bytes = noise(300)
        let packed = try TestArchive.compressed(bytes, filter: filter)
        for position in packed.indices {
            var changed = packed
            changed[position] ^= 0x55
            do {
                let contents = try read(TestArchive.make([.init(path: "a.ko.\(suffix)", bytes: changed)]))
                #expect(contents.modules.first.map { $0.bytes == bytes } == true, "byte \(position)")
            } catch {
                #expect((error as? LivepatchError)?.code == .patchModuleInvalid, "byte \(position): \(error)")
            }
        }
    }

    @Test(arguments: packings.indices)
    func `a module that is a bomb is stopped at the limit`(index: Int) throws {
        let (suffix, filter) = Self.packings[index]
        let packed = try TestArchive.compressed([UInt8](repeating: 0, count: 16 << 20), filter: filter)
        let archive = try TestArchive.make([.init(path: "a.ko.\(suffix)", bytes: packed)])
        let words = "'a.ko.\(suffix)' in the archive has \(packed.count) bytes and unpacks to more than"
        expect(.patchTooLarge, "\(words) the allowed \(1 << 20)", limits: .init(moduleBytes: 1 << 20), archive)
        // What is left of the bound on everything together holds too.
        expect(.patchTooLarge, words, limits: .init(unpackedBytes: 2 << 20, moduleBytes: 32 << 20), archive)
        #expect(try read(archive, limits: .init(moduleBytes: 16 << 20)).modules.first?.bytes.count == 16 << 20)
    }

    @Test func `an archive that is compressed twice is refused`() throws {
        expect(.patchArchiveInvalid, "more than once", try TestArchive.compressed(TestArchive.make([module])))
    }

    @Test func `what the medium reports comes out as it is`() throws {
        struct Broken: StoredContentReader {
            let bytes: [UInt8]
            var length: Int64 { Int64(bytes.count) }
            func read(at offset: Int64, count: Int) throws -> [UInt8] {
                guard count <= 512 else { throw LivepatchError(.storageUnavailable, "The medium reports an error.") }
                return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
            }
            func close() {}
        }
        let error = try #require(throws: LivepatchError.self) {
            try TarballReader().unpack(Broken(bytes: TestArchive.make([module])), limits: PatchArchiveLimits())
        }
        #expect(error.code == .storageUnavailable)
    }
}
