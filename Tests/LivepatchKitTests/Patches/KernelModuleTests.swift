import LivepatchKit
import Testing

@Suite struct KernelModuleTests {
    @Test func `a module's own words are read`() throws {
        let module = try KernelModule(parsing: HandmadeModule().bytes)
        #expect(module.name == "kpatch_test")
        #expect(module.license == "GPL")
        #expect(module.isLivepatch)
        #expect(module.vermagic == "5.15.0-107-generic SMP mod_unload modversions ")
        #expect(module.vermagicRelease == "5.15.0-107-generic")
        #expect(module.machine.architecture == .amd64)
    }

    @Test(arguments: [true, false], [true, false])
    func `both widths and both byte orders are read`(is64: Bool, isLittleEndian: Bool) throws {
        for extendedNumbering in [true, false] {
            var made = HandmadeModule(is64: is64, isLittleEndian: isLittleEndian, machine: 20)
            made.extendedNumbering = extendedNumbering
            let module = try KernelModule(parsing: made.bytes)
            #expect(module.vermagicRelease == "5.15.0-107-generic")
            #expect(module.machine == ModuleMachine(number: 20, bits: is64 ? 64 : 32, isLittleEndian: isLittleEndian))
            #expect(module.machine.architecture == nil)
        }
    }

    @Test(
        arguments: [
            (62, true, Architecture.amd64), (183, true, .arm64), (22, false, .s390x), (21, true, .ppc64el),
            (21, false, nil), (62, false, nil), (0xFFFF, true, nil),
        ] as [(UInt16, Bool, Architecture?)])
    func `a machine has Debian's name, or keeps its number`(number: UInt16, isLittleEndian: Bool, name: Architecture?) throws {
        let machine = try KernelModule(parsing: HandmadeModule(isLittleEndian: isLittleEndian, machine: number).bytes).machine
        #expect(machine.architecture == name)
        #expect(machine.number == number)
        if let name { #expect(ModuleMachine(name) == machine) }
    }

    @Test func `what follows the object, such as a signature, does not matter`() throws {
        let signed = HandmadeModule().bytes + Array("~Module signature appended~\n".utf8)
        #expect(try KernelModule(parsing: signed) == KernelModule(parsing: HandmadeModule().bytes))
    }

    @Test func `only livepatch=Y is a live patch`() throws {
        for (words, expected) in [
            (["livepatch=Y"], true), (["livepatch=N"], false), (["livepatch="], false), (["livepatch"], false), ([], false),
        ] {
            let made = HandmadeModule(modinfo: words + ["vermagic=5.15.0-107-generic SMP "])
            #expect(try KernelModule(parsing: made.bytes).isLivepatch == expected)
        }
    }

    @Test func `a license said twice is normal, a vermagic said in two ways is not`() throws {
        let twice = HandmadeModule(modinfo: ["license=GPL", "license=GPL v2", "vermagic=a b ", "vermagic=a b "])
        #expect(try KernelModule(parsing: twice.bytes).license == "GPL")
        #expect(try KernelModule(parsing: twice.bytes).name == nil)
        expectRefusal(of: HandmadeModule(modinfo: ["vermagic=a ", "vermagic=b "]), "contradicts itself about 'vermagic'")
    }

    @Test func `each fault is named`() {
        expectRefusal(of: HandmadeModule(type: 2), "not a relocatable object")
        expectRefusal(of: HandmadeModule(modinfo: []), "no section .modinfo")
        expectRefusal(of: HandmadeModule(modinfo: ["license=GPL"]), "no vermagic")
        expectRefusal(of: HandmadeModule(hasSymbols: false), "stripped")
        expectRefusal(of: HandmadeModule(hasThisModule: false), "not a kernel module")
        let modinfo = HandmadeModule.texts(["vermagic=x "])
        expectRefusal(of: HandmadeModule(extra: [.init(name: ".modinfo", type: 1, content: modinfo)]), "2 sections .modinfo")
        expectRefusal(of: HandmadeModule(extra: [.init(name: ".a", type: 1, claimedSize: 1 << 30)]), ".a reaches beyond its end")
        expectRefusal(
            of: HandmadeModule(extra: [.init(name: ".a", type: 1, claimedSize: 2, claimedOffset: .max)]), "beyond its end")
        expectRefusal(
            of: HandmadeModule(modinfo: [], extra: [.init(name: ".modinfo", type: 8, claimedSize: 9)]), "has no content")
        expectRefusal(
            of: HandmadeModule(modinfo: [], extra: [.init(name: ".modinfo", type: 1, flags: 1 << 11, content: modinfo)]),
            "is compressed")
        expectRefusal(
            of: HandmadeModule(modinfo: [], extra: [.init(name: ".modinfo", type: 1, content: Array("vermagic=x".utf8))]),
            "ends within a value")
        expectRefusal(Array("#!/bin/sh\nexit 0\n".utf8), "does not begin as an ELF object does")
        expectRefusal([], "does not begin as an ELF object does")
    }

    @Test func `a huge section count does not overflow`() {
        var bytes = HandmadeModule(extendedNumbering: true).bytes
        // Section header 0's size, the extended section count, lies 32 bytes into the table, whose offset is at 40.
        let table = (0..<8).reduce(0) { $0 | Int(bytes[40 + $1]) << (8 * $1) }
        for index in 0..<8 { bytes[table + 32 + index] = 0xFF }
        expectRefusal(bytes, "section headers reach beyond its end")
    }

    @Test(arguments: [true, false])
    func `every truncation is refused and every flipped bit is survived`(is64: Bool) throws {
        for extendedNumbering in [true, false] {
            let made = HandmadeModule(is64: is64, isLittleEndian: is64, extendedNumbering: extendedNumbering)
            let bytes = made.bytes
            for length in 0..<bytes.count {
                #expect(throws: LivepatchError.self) { try KernelModule(parsing: Array(bytes[..<length])) }
            }
            for index in bytes.indices {
                for bit in 0..<8 { survive(bytes, index) { $0 ^ UInt8(1 << bit) } }
                survive(bytes, index) { _ in 0xFF }
                survive(bytes, index) { _ in 0 }
                survive(bytes, index) { _ in 0x80 }
            }
        }
    }

    /// Parses or throws; a trap ends the test run.
    private func survive(_ bytes: [UInt8], _ index: Int, _ change: (UInt8) -> UInt8) {
        var changed = bytes
        changed[index] = change(changed[index])
        do {
            _ = try KernelModule(parsing: changed).vermagicRelease
        } catch {
            #expect((error as? LivepatchError)?.code == .patchModuleInvalid)
        }
    }

    private func expectRefusal(
        of made: HandmadeModule, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        expectRefusal(made.bytes, reason, sourceLocation: sourceLocation)
    }

    private func expectRefusal(_ bytes: [UInt8], _ reason: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: LivepatchError.self, sourceLocation: sourceLocation) { try KernelModule(parsing: bytes) }
        #expect(error?.code == .patchModuleInvalid, sourceLocation: sourceLocation)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "-")", sourceLocation: sourceLocation)
    }
}
