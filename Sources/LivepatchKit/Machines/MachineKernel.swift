/// The kernel that a machine runs: what a patch has to fit exactly.
///
/// A module built for 6.1.0-55 loads into 6.1.0-56 where modules have versions, so the kernel does not catch a mistake here.
public struct MachineKernel: Hashable, Sendable, Codable {
    public let version: KernelVersion
    public let flavour: Flavour
    public let architecture: Architecture

    public init(version: KernelVersion, flavour: Flavour, architecture: Architecture) {
        self.version = version
        self.flavour = flavour
        self.architecture = architecture
    }

    /// The one kernel that a file is for.
    init(of name: PatchFileName) {
        self.init(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
    }

    /// The name of the file that a patch version has for exactly this kernel.
    public func fileName(_ patch: PatchVersion) -> PatchFileName {
        PatchFileName(kernel: version, flavour: flavour, version: patch, architecture: architecture)
    }

    /// Whether a file is for exactly this kernel.
    public func isFitted(by name: PatchFileName) -> Bool { fileName(name.version) == name }
}

extension MachineKernel: CustomStringConvertible {
    /// `5.15.0-107.117-generic amd64`
    public var description: String { "\(version)-\(flavour) \(architecture)" }
}

extension MachineKernel: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        if left.version != right.version { return left.version < right.version }
        return (left.flavour, left.architecture) < (right.flavour, right.architecture)
    }
}
