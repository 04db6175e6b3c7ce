import LivepatchArchive
import LivepatchKit
import PatchGenerator
import Testing

@Suite struct GeneratedPatchTests {
    let names: PatchNames

    init() throws {
        names = PatchNames(
            versions: PatchNames.versions(2), kernels: try PatchNames.kernels(5),
            flavours: [try Flavour(parsing: "generic"), try Flavour(parsing: "generic-64k")],
            architectures: [.amd64, .arm64, .s390x, .ppc64el])
    }

    private func inspect(_ bytes: [UInt8], _ name: PatchFileName) throws -> InspectedPatch {
        try PatchInspection.inspect(
            TarballReader().unpack(MemoryContent(bytes), limits: PatchArchiveLimits()), as: name)
    }

    @Test func `every good patch is accepted under its name`() throws {
        let generator = PatchGenerator(seed: 7, codeBytes: 2000)
        var seen: Set<PatchFileName> = []
        for name in names.all() {
            seen.insert(name)
            let inspected = try inspect(generator.file(name), name)
            #expect(inspected.license == "GPL")
            #expect(inspected.moduleName.hasPrefix("lkp_"))
            #expect(inspected.metadata == generator.metadata(of: name.version))
        }
        #expect(seen.count == names.count)
        #expect(names.count == 80)
    }

    @Test(arguments: PatchFault.allCases)
    func `every fault is refused with its code`(fault: PatchFault) throws {
        let name = names[0]
        let bytes = try PatchGenerator(codeBytes: 2000).file(name, fault: fault)
        let error = #expect(throws: LivepatchError.self) { try inspect(bytes, name) }
        #expect(error?.code == fault.code, "\(error?.message ?? "-")")
        if fault == .bomb { #expect(bytes.count < 20_000) }
    }

    @Test func `the same seed gives the same bytes, in whatever order, and another one others`() throws {
        let generator = PatchGenerator(seed: 1, codeBytes: 500)
        let forward = try names.all().map { SHA256Digest(of: try generator.file($0)) }
        let backward = try names.all().reversed().map { SHA256Digest(of: try PatchGenerator(seed: 1, codeBytes: 500).file($0)) }
        #expect(forward == backward.reversed())
        #expect(Set(forward).count == forward.count)
        #expect(try SHA256Digest(of: PatchGenerator(seed: 2, codeBytes: 500).file(names[0])) != forward[0])
        // What was made for a test or a measurement can be made again: a change here is a change of the generator.
        let module = try TarballReader().unpack(MemoryContent(generator.file(names[0])), limits: .init()).modules[0]
        #expect(SHA256Digest(of: module.bytes).description == Self.firstModule)
    }

    static let firstModule = "39b65f5cf11486fb89b907f2f39c9ecb51cc0cfa7a1453abc25bf7d658d8d0e8"

    @Test func `the code decides the size`() throws {
        for size in [1000, 100_000, 1_000_000] {
            let count = try PatchGenerator(codeBytes: size).file(names[0]).count
            #expect((size..<(size + size / 50 + 4000)).contains(count))
        }
    }

    @Test func `an architecture without known modules is refused`() throws {
        let name = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-riscv64.tar.bz2")
        let error = #expect(throws: LivepatchError.self) { try PatchGenerator().file(name) }
        #expect(error?.code == .malformedValue)
    }
}
