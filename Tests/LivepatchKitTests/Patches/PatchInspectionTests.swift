import LivepatchKit
import Testing

@Suite struct PatchInspectionTests {
    let name: PatchFileName

    init() throws {
        name = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
    }

    private func contents(_ modules: [(String, HandmadeModule)], metadata: String? = nil) -> PatchArchiveContents {
        PatchArchiveContents(
            modules: modules.map { .init(path: $0.0, bytes: $0.1.bytes) },
            metadata: metadata.map { .init(path: "patch.json", bytes: Array($0.utf8)) })
    }

    private func expect(_ code: LivepatchError.Code, naming words: [String], _ contents: PatchArchiveContents) {
        let error = #expect(throws: LivepatchError.self) { try PatchInspection.inspect(contents, as: name) }
        #expect(error?.code == code)
        for word in words + [name.description] { #expect(error?.message.contains(word) == true, "\(error?.message ?? "-")") }
    }

    @Test func `a patch that is what its name says is accepted, with what it tells`() throws {
        let inspected = try PatchInspection.inspect(
            contents(
                [("a/kpatch.ko", HandmadeModule())],
                metadata: #"{"cves": ["CVE-2024-1086"], "released": "2024-06-01T12:00:00Z"}"#), as: name)
        #expect(inspected.moduleName == "kpatch_test")
        #expect(inspected.license == "GPL")
        #expect(inspected.vermagic.hasPrefix("5.15.0-107-generic "))
        #expect(inspected.metadata.cves == ["CVE-2024-1086"])
        #expect(inspected.metadata.released == Timestamp.date("2024-06-01T12:00:00Z"))
    }

    @Test(arguments: ["a/kpatch-5-15.ko", "kpatch-5-15.ko.xz", "b/c/kpatch-5-15.ko.gz", "kpatch-5-15.ko.zst"])
    func `a module that does not say its name has its file's`(path: String) throws {
        let made = HandmadeModule(modinfo: ["livepatch=Y", "vermagic=5.15.0-107-generic SMP "])
        let inspected = try PatchInspection.inspect(contents([(path, made)]), as: name)
        #expect(inspected.moduleName == "kpatch_5_15")
        #expect(inspected.metadata == PatchMetadata())
    }

    @Test func `anything but one module is refused, naming them`() {
        expect(.patchModuleCount, naming: ["no kernel module"], contents([]))
        expect(.patchModuleCount, naming: ["a.ko", "b.ko"], contents([("a.ko", HandmadeModule()), ("b.ko", HandmadeModule())]))
    }

    @Test func `a module that cannot be read is refused, naming it`() {
        expect(.patchModuleInvalid, naming: ["'a.ko'", "stripped"], contents([("a.ko", HandmadeModule(hasSymbols: false))]))
    }

    @Test func `a module that is no live patch is refused`() {
        let made = HandmadeModule(modinfo: ["license=GPL", "vermagic=5.15.0-107-generic SMP "])
        expect(.patchNotLivepatch, naming: ["a.ko", "livepatch=Y"], contents([("a.ko", made)]))
    }

    @Test(arguments: ["5.15.0-106-generic", "5.15.0-107-lowlatency", "5.15.0-107-generic-64k", "5.15.0-107"])
    func `another kernel is refused, however near, naming both`(release: String) {
        let made = HandmadeModule(modinfo: ["livepatch=Y", "vermagic=\(release) SMP mod_unload "])
        expect(.patchKernelMismatch, naming: [release, "5.15.0-107-generic"], contents([("a.ko", made)]))
    }

    @Test func `another architecture is refused, naming both`() {
        expect(.patchArchitectureMismatch, naming: ["arm64", "amd64"], contents([("a.ko", HandmadeModule(machine: 183))]))
        expect(.patchArchitectureMismatch, naming: ["ELF machine 243"], contents([("a.ko", HandmadeModule(machine: 243))]))
    }

    @Test func `a patch.json that cannot be read is refused`() {
        expect(.patchMetadataInvalid, naming: ["patch.json"], contents([("a.ko", HandmadeModule())], metadata: "{"))
        expect(
            .patchMetadataInvalid, naming: ["CVE-1"], contents([("a.ko", HandmadeModule())], metadata: #"{"cves": ["CVE-1"]}"#))
    }
}
