/// What an import learns from a patch file that it has found in order.
public struct InspectedPatch: Hashable, Sendable {
    /// The module's name, the one in `/sys/kernel/livepatch`.
    public let moduleName: String
    /// The license that the module declares, if it does.
    public let license: String?
    /// The module's vermagic, all of it.
    public let vermagic: String
    /// What the archive's `patch.json` says; empty without one.
    public let metadata: PatchMetadata

    public init(moduleName: String, license: String?, vermagic: String, metadata: PatchMetadata) {
        self.moduleName = moduleName
        self.license = license
        self.vermagic = vermagic
        self.metadata = metadata
    }
}

/// Whether an archive holds what its name says. The kernel itself would not notice every mismatch: with module versions it loads a
/// module of a neighbouring ABI number, so exactness is decided here.
public enum PatchInspection {
    /// Checks an archive against its name: one module, a live patch, for exactly that kernel, flavour and architecture, with a
    /// readable `patch.json` if there is one.
    /// - Throws: ``LivepatchError`` with the codes `patch-module-count`, `patch-module-invalid`, `patch-not-livepatch`,
    ///   `patch-kernel-mismatch`, `patch-architecture-mismatch`, `patch-metadata-invalid`.
    public static func inspect(_ contents: PatchArchiveContents, as name: PatchFileName) throws -> InspectedPatch {
        guard let entry = contents.modules.first else {
            throw LivepatchError(
                .patchModuleCount, "\(name) holds no kernel module.",
                suggestion: "Put exactly one into the archive: a file ending in .ko, or compressed in .ko.gz, .ko.xz or .ko.zst.")
        }
        guard contents.modules.count == 1 else {
            let paths = contents.modules.prefix(5).map(\.path).joined(separator: ", ")
            let more = contents.modules.count > 5 ? " and \(contents.modules.count - 5) more" : ""
            throw LivepatchError(
                .patchModuleCount, "\(name) holds \(contents.modules.count) kernel modules: \(paths)\(more).",
                suggestion: "A patch file holds exactly one; make a file for each.")
        }
        let module: KernelModule
        do {
            module = try KernelModule(parsing: entry.bytes, path: entry.path)
        } catch let error as LivepatchError {
            throw LivepatchError(error.code, "\(name): \(error.message)", suggestion: error.suggestion)
        }
        guard module.isLivepatch else {
            throw LivepatchError(
                .patchNotLivepatch, "\(name): the module \(entry.path) is not a live patch; it does not declare livepatch=Y.",
                suggestion: #"A live patch's source has MODULE_INFO(livepatch, "Y")."#)
        }
        guard module.machine.architecture == name.architecture else {
            throw LivepatchError(
                .patchArchitectureMismatch,
                "\(name): the module \(entry.path) is for \(module.machine), and the file name says \(name.architecture).",
                suggestion: "Check which build belongs to this name.")
        }
        guard module.vermagicRelease == name.unameRelease else {
            throw LivepatchError(
                .patchKernelMismatch,
                "\(name): the module \(entry.path) was built for the kernel \(module.vermagicRelease), and the file name says "
                    + "\(name.unameRelease).",
                suggestion: "A patch fits exactly one kernel; check which build belongs to this name.")
        }
        return InspectedPatch(
            moduleName: module.name ?? fileName(entry.path), license: module.license, vermagic: module.vermagic,
            metadata: try metadata(contents.metadata, of: name))
    }

    private static func metadata(_ entry: PatchArchiveContents.Entry?, of name: PatchFileName) throws -> PatchMetadata {
        guard let entry else { return PatchMetadata() }
        do {
            return try PatchMetadata(parsing: entry.bytes)
        } catch let error as LivepatchError {
            throw LivepatchError(error.code, "\(name): \(error.message)", suggestion: error.suggestion, cause: error.cause)
        }
    }

    /// `livepatch/kpatch-107.ko.xz` → `kpatch_107`: the kernel build system's own rule, for modules that do not say their name.
    private static func fileName(_ path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        let suffix = PatchArchiveContents.moduleSuffixes.first { last.hasSuffix($0) } ?? ""
        let stem = last.dropLast(suffix.count)
        return String(stem.map { $0 == "-" ? "_" : $0 })
    }
}
