import LivepatchKit

/// Which file is the newest for a kernel.
struct LatestChoice: Sendable {
    let kernel: String
    let architecture: Architecture
    let flavour: Flavour?

    /// Whether a file is for that kernel.
    @Sendable func isMeant(_ name: PatchFileName) -> Bool {
        name.architecture == architecture && (flavour ?? name.flavour) == name.flavour
            && KernelChoice.isMeant(name, by: kernel)
    }

    /// - Throws: ``LivepatchError`` with the code `not-found` if there is none, `malformed-request` if it is not clear which kernel
    ///   is meant.
    func latest(of offer: Offer) throws -> PatchFile {
        let files = offer.files.filter { isMeant($0.name) }
        guard let file = files.max(by: { $0.name.version < $1.name.version }) else {
            throw LivepatchError(
                .notFound,
                "The upstream offers no patch for the kernel \(kernel) on \(architecture) in the tier '\(offer.tier)'.",
                suggestion: "See `livepatch-sync list --architecture \(architecture)` for those that it offers.")
        }
        let kernels = Set(files.map { "\($0.name.kernel)-\($0.name.flavour)" })
        guard kernels.count == 1 else {
            throw LivepatchError(
                .malformedRequest, "There are patches for several kernels that '\(kernel)' may mean.",
                suggestion: "Name one of them with --kernel: \(kernels.sorted().joined(separator: ", ")).")
        }
        return file
    }
}
