import LivepatchKit

/// A kernel as a person names it.
enum KernelChoice {
    /// Whether a file is for a kernel whose version, with its flavour (`5.15.0-107.117-generic`), begins like that. Numbers are not
    /// cut in two: `5.1` is the beginning of `5.1.0`, not of `5.15.0`.
    static func begins(_ name: PatchFileName, with text: String) -> Bool {
        let kernel = "\(name.kernel)-\(name.flavour)"
        guard kernel.hasPrefix(text) else { return false }
        guard let last = text.last, last.isNumber, let next = kernel.dropFirst(text.count).first else { return true }
        return !next.isNumber
    }

    /// Whether a file is for exactly that kernel: `5.15.0-107.117`, `5.15.0-107.117-generic`, or what `uname -r` prints,
    /// `5.15.0-107-generic`.
    static func isMeant(_ name: PatchFileName, by text: String) -> Bool {
        [name.kernel.description, "\(name.kernel)-\(name.flavour)", name.unameRelease].contains(text)
    }
}
