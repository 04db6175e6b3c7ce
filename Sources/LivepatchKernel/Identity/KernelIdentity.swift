public import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What uname(2) says of the running kernel.
public struct SystemName: Hashable, Sendable {
    /// `6.1.0-56-cloud-amd64`
    public let release: String
    /// `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-10)`
    public let version: String
    /// `x86_64`
    public let machine: String

    public init(release: String, version: String, machine: String) {
        self.release = release
        self.version = version
        self.machine = machine
    }

    /// The running system's.
    public static func current() -> SystemName {
        var name = utsname()
        uname(&name)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return SystemName(release: text(name.release), version: text(name.version), machine: text(name.machine))
    }
}

/// Which kernel runs, told from what it says of itself.
///
/// Ubuntu's says it exactly, in `/proc/version_signature`: `Ubuntu 5.15.0-107.117-generic 5.15.149`. Debian's says its package's
/// version in `/proc/version`: the kernel `6.1.0-56-cloud-amd64` of the package 6.1.192-2 is written `6.1.0-56.192.2`, flavour
/// `cloud-amd64`. Anything else has no name that a patch could be for.
public enum KernelIdentity {
    /// - Parameters:
    ///   - signature: the content of `/proc/version_signature`; `nil` where there is none.
    ///   - version: the content of `/proc/version`.
    /// - Throws: ``LivepatchError`` with the code `kernel-unrecognized`, saying what was found.
    public static func kernel(signature: String?, version: String, name: SystemName) throws -> MachineKernel {
        let architecture = try architecture(of: name.machine)
        if let signature, let text = signature.split(whereSeparator: \.isWhitespace).dropFirst().first {
            return try ubuntu(String(text), name, architecture)
        }
        return try debian(version, name, architecture)
    }

    /// Debian's name for what uname(2) calls a machine.
    /// - Throws: ``LivepatchError`` with the code `kernel-unrecognized`.
    public static func architecture(of machine: String) throws -> Architecture {
        let names = [
            "x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64el", "s390x": "s390x", "riscv64": "riscv64",
            "armv7l": "armhf", "i686": "i386", "i586": "i386", "loongarch64": "loong64",
        ]
        do {
            return try Architecture(parsing: names[machine] ?? machine)
        } catch {
            throw unrecognized("it calls its architecture '\(machine)'", nil)
        }
    }

    /// When the running kernel was built, as Debian's says it after its package's version; `nil` where it does not.
    public static func buildDate(of version: String) -> String? {
        version.firstMatch(of: /Debian [^ ()]+ \(([0-9]{4}-[0-9]{2}-[0-9]{2})\)\s*$/).map { "\($0.1)T00:00:00Z" }
    }

    // MARK: Ubuntu

    private static func ubuntu(_ text: String, _ name: SystemName, _ architecture: Architecture) throws -> MachineKernel {
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let version = try? KernelVersion(parsing: "\(parts[0])-\(parts[1])"),
            let flavour = try? Flavour(parsing: String(parts[2]))
        else {
            throw unrecognized(
                "/proc/version_signature says '\(text)'", "Patches are made for kernels such as 5.15.0-107.117-generic.")
        }
        guard version.unameRelease(flavour) == name.release else {
            throw unrecognized(
                "/proc/version_signature says '\(text)' and uname '\(name.release)', which is another one",
                "See whether /proc is that of this machine, and not of another one or a container.")
        }
        return MachineKernel(version: version, flavour: flavour, architecture: architecture)
    }

    // MARK: Debian

    private static func debian(_ version: String, _ name: SystemName, _ architecture: Architecture) throws -> MachineKernel {
        let release = name.release
        guard let match = version.firstMatch(of: /Debian ([^ ()]+)( \([0-9-]+\))?\s*$/) else {
            throw unrecognized(
                "it is '\(release)', and neither /proc/version_signature nor a Debian package's version in /proc/version tells its build",
                "Live patches are made for the kernels that Ubuntu and Debian build.")
        }
        let package = String(match.1)
        let parts = release.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let flavour = try? Flavour(parsing: String(parts[2])),
            let upload = upload(of: package, upstream: parts[0]),
            let version = try? KernelVersion(parsing: "\(parts[0])-\(parts[1]).\(upload)"),
            version.unameRelease(flavour) == release
        else {
            throw unrecognized(
                "it is '\(release)' of the package \(package)",
                "Patches are named by upstream version, ABI number and flavour, as in 6.1.0-56-cloud-amd64; this kernel has no ABI number of its own."
            )
        }
        return MachineKernel(version: version, flavour: flavour, architecture: architecture)
    }

    /// `6.1.192-2` of a kernel 6.1.0 → `192.2`: the package's version without the series, its revision behind a point.
    private static func upload(of package: String, upstream: Substring) -> String? {
        let series = upstream.split(separator: ".").prefix(2).joined(separator: ".")
        guard package.hasPrefix("\(series).") else { return nil }
        return String(package.dropFirst(series.count + 1)).replacing("-", with: ".")
    }

    private static func unrecognized(_ found: String, _ suggestion: String?) -> LivepatchError {
        LivepatchError(
            .kernelUnrecognized, "The running kernel is not one that patches are made for: \(found).", suggestion: suggestion)
    }
}
