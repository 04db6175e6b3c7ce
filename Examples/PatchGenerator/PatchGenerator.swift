import FoundationEssentials
public import LivepatchKit

/// Makes patch files that look real from outside, for tests, demonstrations and benchmarks: the archive, the module's format and
/// what it says about itself are true to form, the code is noise. The same seed and name give the same bytes.
public struct PatchGenerator: Sendable {
    /// What everything follows from.
    public let seed: UInt64
    /// How much code a module has, in bytes. It does not compress, so a file is a little larger than this.
    public let codeBytes: Int

    public init(seed: UInt64 = 1, codeBytes: Int = 20_000) {
        self.seed = seed
        self.codeBytes = max(64, codeBytes)
    }

    /// A patch file's bytes.
    /// - Parameters:
    ///   - name: what the file is to be called, which says what goes into it.
    ///   - fault: what is to be wrong with it.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for an architecture whose modules are not known.
    public func file(_ name: PatchFileName, fault: PatchFault? = nil) throws -> [UInt8] {
        guard let machine = ModuleMachine(name.architecture) else {
            throw LivepatchError(
                .malformedValue, "No module can be made for the architecture \(name.architecture).",
                suggestion: "Take amd64, arm64, s390x or ppc64el.")
        }
        var random = SeededRandom(seed: seed, name: name.description)
        let metadata = metadata(of: name.version)
        let modified = Int64(metadata.released?.timeIntervalSince1970 ?? 0)
        if fault == .garbage { return random.bytes(codeBytes) }
        var module = builder(name, fault == .wrongArchitecture ? Self.another(machine) : machine, fault, &random).bytes()
        if fault == .stripped { module = Self.withoutSymbols(module) }
        let folder = "livepatch-\(name.version)"
        let json = fault == .badMetadata ? Array(#"{"cves": ["#.utf8) : try DocumentCoding.encode(metadata)
        var entries = [TarballWriter.Entry(path: "\(folder)/patch.json", bytes: json)]
        if fault != .noModule { entries.append(.init(path: "\(folder)/\(Self.moduleName(name)).ko", bytes: module)) }
        if fault == .twoModules { entries.append(.init(path: "\(folder)/\(Self.moduleName(name))_2.ko", bytes: module)) }
        if fault == .bomb { return try Self.bomb(folder, modified) }
        let tarball = try TarballWriter.tarball(entries, modified: modified)
        return fault == .truncated ? Array(tarball[..<(tarball.count * 2 / 3)]) : tarball
    }

    /// What the `patch.json` of every file of a version says: when it was released, about a month after the release before, and
    /// one to six CVEs.
    public func metadata(of version: PatchVersion) -> PatchMetadata {
        var random = SeededRandom(seed: seed, name: "\(version)")
        // Release 100 came out at the beginning of 2024.
        let day: Double = 86_400
        let released = 1_704_153_600 + Double(version.release - 100) * 30 * day + Double(version.revision) * day
        let year = 2024 + (version.release - 100) / 12
        let cves = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            "CVE-\(max(2000, min(9999, year)))-\(Int.random(in: 10_000...59_999, using: &random))"
        }
        return PatchMetadata(
            cves: Set(cves).sorted(), released: Date(timeIntervalSince1970: max(0, min(released, 4_102_444_800))))
    }

    private func builder(
        _ name: PatchFileName, _ machine: ModuleMachine, _ fault: PatchFault?, _ random: inout SeededRandom
    ) -> ModuleBuilder {
        let kernel = name.kernel
        let abi = fault == .wrongKernel ? kernel.abi + 1 : kernel.abi
        let release = "\(kernel.upstreamText)-\(abi)-\(name.flavour)"
        let suffix = name.architecture == .arm64 ? "aarch64 " : ""
        let modinfo =
            (fault == .notLivepatch ? [] : ["livepatch=Y"]) + [
                "license=GPL", "description=Live patch \(name.version) for \(kernel)-\(name.flavour)", "depends=",
                "name=\(Self.moduleName(name))", "vermagic=\(release) SMP mod_unload modversions \(suffix)",
            ]
        return ModuleBuilder(
            machine: machine, modinfo: modinfo, name: Self.moduleName(name), code: random.bytes(codeBytes),
            buildID: random.bytes(20))
    }

    /// At most the 55 characters that the kernel takes.
    private static func moduleName(_ name: PatchFileName) -> String {
        let text = "lkp_\(name.kernel)_\(name.flavour)_\(name.version)"
        return String(text.map { $0.isLetter || $0.isNumber ? $0 : "_" }.prefix(55))
    }

    private static func another(_ machine: ModuleMachine) -> ModuleMachine { machine == .amd64 ? .arm64 : .amd64 }

    /// As `strip -s` leaves it: the section is renamed to nothing that the loader knows. `sh_type` of section 5 becomes SHT_NULL.
    private static func withoutSymbols(_ module: [UInt8]) -> [UInt8] {
        var bytes = module
        let table = bytes.count - 8 * 64
        for index in 0..<4 { bytes[table + 5 * 64 + 4 + index] = 0 }
        return bytes
    }

    /// bzip2 streams may follow one another, so one of zeros is made and repeated.
    private static func bomb(_ folder: String, _ modified: Int64) throws -> [UInt8] {
        let piece = 16 << 20
        let pieces = 40
        let header = TarballWriter.header(path: "\(folder)/filler.bin", size: Int64(piece * pieces), modified: modified)
        let zeros = try TarballWriter.bzip2([UInt8](repeating: 0, count: piece))
        return try TarballWriter.bzip2(header) + Array(repeatElement(zeros, count: pieces).joined())
            + TarballWriter.bzip2([UInt8](repeating: 0, count: 1024))
    }
}
