public import LivepatchKit

/// What can be wrong with a generated patch file, its name apart.
public enum PatchFault: String, CaseIterable, Sendable {
    /// The module does not declare `livepatch=Y`.
    case notLivepatch = "not-livepatch"
    /// The module is for the kernel of the next ABI number.
    case wrongKernel = "wrong-kernel"
    /// The module is for another architecture.
    case wrongArchitecture = "wrong-architecture"
    case twoModules = "two-modules"
    case noModule = "no-module"
    /// The module has lost its symbols.
    case stripped
    /// The last third of the file is missing.
    case truncated
    /// A few kilobytes that unpack to 640 MiB.
    case bomb
    /// Not an archive at all.
    case garbage
    /// The `patch.json` is not JSON.
    case badMetadata = "bad-metadata"

    /// What an import says to it.
    public var code: LivepatchError.Code {
        switch self {
        case .notLivepatch: .patchNotLivepatch
        case .wrongKernel: .patchKernelMismatch
        case .wrongArchitecture: .patchArchitectureMismatch
        case .twoModules, .noModule: .patchModuleCount
        case .stripped: .patchModuleInvalid
        case .truncated: .patchTruncated
        case .bomb: .patchTooLarge
        case .garbage: .patchArchiveInvalid
        case .badMetadata: .patchMetadataInvalid
        }
    }
}
