import LivepatchArchive
import LivepatchKit
import Testing

/// What no synthetic module proves: that what a kernel's own build system makes is read as it is meant.
@Suite struct RealModuleTests {
    private func inspect(_ bytes: [UInt8], as name: PatchFileName) throws -> InspectedPatch {
        try PatchInspection.inspect(TarballReader().unpack(MemoryContent(bytes), limits: PatchArchiveLimits()), as: name)
    }

    private func expect(_ code: LivepatchError.Code, _ bytes: [UInt8], as name: PatchFileName) {
        let error = #expect(throws: LivepatchError.self) { try inspect(bytes, as: name) }
        #expect(error?.code == code, "\(error?.message ?? "-")")
    }

    @Test func `a real live patch is accepted under its own name`() async throws {
        let real = try await RealModule.get()
        let inspected = try inspect(real.bytes("good"), as: real.name)
        #expect(inspected.moduleName == "livepatch_cmdline")
        #expect(inspected.license == "GPL")
        #expect(inspected.vermagic.hasPrefix("\(real.name.unameRelease) SMP "))
        #expect(inspected.vermagic.hasSuffix(" "))
        #expect(inspected.metadata.cves == ["CVE-2024-1086"])
    }

    @Test func `a real live patch is refused under the name of any kernel beside its own`() async throws {
        let real = try await RealModule.get()
        let bytes = try real.bytes("good")
        // The kernel itself would load the first of these.
        let upload = real.name.kernel.upload
        for kernel in [
            "\(real.name.kernel.upstreamText)-\(real.name.kernel.abi - 1).\(upload)", "5.15.0-\(real.name.kernel.abi).\(upload)",
        ] {
            let name = PatchFileName(
                kernel: try KernelVersion(parsing: kernel), flavour: real.name.flavour, version: real.name.version,
                architecture: .amd64)
            expect(.patchKernelMismatch, bytes, as: name)
        }
        let flavour = PatchFileName(
            kernel: real.name.kernel, flavour: try Flavour(parsing: "amd64"), version: real.name.version, architecture: .amd64)
        expect(.patchKernelMismatch, bytes, as: flavour)
        let architecture = PatchFileName(
            kernel: real.name.kernel, flavour: real.name.flavour, version: real.name.version, architecture: .arm64)
        expect(.patchArchitectureMismatch, bytes, as: architecture)
    }

    @Test(arguments: [
        ("not-livepatch", LivepatchError.Code.patchNotLivepatch), ("stripped", .patchModuleInvalid),
        ("truncated", .patchModuleInvalid),
    ])
    func `a real module that is no live patch, or is damaged, is refused`(kind: String, code: LivepatchError.Code) async throws {
        let real = try await RealModule.get()
        expect(code, try real.bytes(kind), as: real.name)
    }

    @Test func `every truncation of a real module is refused and every flipped byte is survived`() async throws {
        let real = try await RealModule.get()
        let contents = try TarballReader().unpack(MemoryContent(real.bytes("good")), limits: PatchArchiveLimits())
        let module = contents.modules[0].bytes
        for length in 0..<module.count {
            #expect(throws: LivepatchError.self) { try KernelModule(parsing: Array(module[..<length])) }
        }
        for index in module.indices {
            var changed = module
            changed[index] ^= 0xFF
            do {
                _ = try KernelModule(parsing: changed)
            } catch {
                #expect((error as? LivepatchError)?.code == .patchModuleInvalid)
            }
        }
    }
}
