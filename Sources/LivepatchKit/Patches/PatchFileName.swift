/// The name of a patch file, which says exactly what it fits:
/// `livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2` is patch version 107.1 for kernel 5.15.0-107.117, flavour generic, on amd64.
///
/// Flavours may contain hyphens, so a name is read from both ends. Reading and printing are inverse: every accepted text is the
/// text that ``description`` prints.
public struct PatchFileName: Hashable, Sendable {
    public let kernel: KernelVersion
    public let flavour: Flavour
    public let version: PatchVersion
    public let architecture: Architecture

    public init(kernel: KernelVersion, flavour: Flavour, version: PatchVersion, architecture: Architecture) {
        self.kernel = kernel
        self.flavour = flavour
        self.version = version
        self.architecture = architecture
    }

    /// Reads a file name (no directories).
    /// - Throws: ``LivepatchError`` with the code `patch-name-invalid`, saying which part is wrong.
    public init(parsing text: String) throws {
        func refuse(_ reason: String) -> LivepatchError {
            LivepatchError(
                .patchNameInvalid, "'\(text)' is not a patch file's name: \(reason).",
                suggestion:
                    "Names look like livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2 (kernel version, flavour, patch version, architecture)."
            )
        }
        guard text.hasPrefix(Self.prefix) else { throw refuse("it does not begin with '\(Self.prefix)'") }
        guard text.hasSuffix(Self.suffix) else { throw refuse("it does not end in '\(Self.suffix)'") }
        guard text.utf8.count > Self.prefix.utf8.count + Self.suffix.utf8.count else { throw refuse("it names nothing") }
        let parts = text.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
            .split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 5 else { throw refuse("it has too few parts") }
        let kernelText = "\(parts[0])-\(parts[1])"
        guard let kernel = KernelVersion(kernelText) else { throw refuse("'\(kernelText)' is not a kernel version") }
        let flavourText = parts[2..<(parts.count - 2)].joined(separator: "-")
        guard let flavour = Flavour(flavourText) else { throw refuse("'\(flavourText)' is not a flavour") }
        let versionText = String(parts[parts.count - 2])
        guard let version = PatchVersion(versionText) else { throw refuse("'\(versionText)' is not a patch version") }
        let architectureText = String(parts[parts.count - 1])
        guard let architecture = Architecture(architectureText) else {
            throw refuse("'\(architectureText)' is not an architecture")
        }
        self.init(kernel: kernel, flavour: flavour, version: version, architecture: architecture)
    }

    static let prefix = "livepatch-"
    static let suffix = ".tar.bz2"

    /// What `uname -r` prints on the one kernel that this file fits.
    public var unameRelease: String { kernel.unameRelease(flavour) }
}

extension PatchFileName: CustomStringConvertible {
    public var description: String { "\(Self.prefix)\(kernel)-\(flavour)-\(version)-\(architecture)\(Self.suffix)" }
}

/// By patch version, then kernel version, flavour and architecture.
extension PatchFileName: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        if left.version != right.version { return left.version < right.version }
        if left.kernel != right.kernel { return left.kernel < right.kernel }
        return (left.flavour, left.architecture) < (right.flavour, right.architecture)
    }
}

extension PatchFileName: TextCodable {}
