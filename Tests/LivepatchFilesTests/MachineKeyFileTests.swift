import LivepatchFiles
import LivepatchKit
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("The key of machines' ids")
struct MachineKeyFileTests {
    let directory: TemporaryDirectory
    let file: MachineKeyFile

    init() throws {
        directory = try TemporaryDirectory()
        file = MachineKeyFile(in: directory.file("data/keys"))
    }

    @Test func `it is made once, for its owner alone, and is the same from then on`() throws {
        let first = try file.keyOrNew()
        #expect(first.isNew)
        #expect(first.key.count == 32)
        let again = try file.keyOrNew()
        #expect(!again.isNew)
        #expect(again.key == first.key)
        #expect(try directory.mode("data/keys/machine-ids.key") == 0o600)
        #expect(try directory.mode("data/keys") == 0o700)
        #expect(try MachineKeyFile(in: directory.file("other")).keyOrNew().key != first.key)
    }

    @Test(arguments: ["", "no key", "AAAA"]) func `what is no key is refused, and not replaced`(text: String) throws {
        _ = try file.keyOrNew()
        try SecretFile(at: file.path).write(text, replacing: true)
        let error = #expect(throws: LivepatchError.self) { try file.keyOrNew() }
        #expect(error?.code == .configurationInvalid)
        #expect(error?.suggestion?.contains("backup") == true)
        #expect(try SecretFile(at: file.path).readText() == text)
    }

    @Test func `a key that others may read is refused`() throws {
        _ = try file.keyOrNew()
        #expect(chmod(file.path, 0o644) == 0)
        let error = #expect(throws: LivepatchError.self) { try file.keyOrNew() }
        #expect(error?.code == .configurationInvalid)
    }
}
