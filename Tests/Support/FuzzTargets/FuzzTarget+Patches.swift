import LivepatchKit

extension FuzzTarget {
    /// A patch file's name that is read is the name that is printed, and any two names are in one order. The input is two names, each
    /// in a line.
    static let patchFileName = FuzzTarget("patch-file-name") { bytes in
        guard let (first, second) = bytes.halves else { return }
        guard let one = try readName(first), let other = try readName(second) else { return }
        let orders = [one < other, one == other, other < one]
        try require(orders.count { $0 } == 1, "\(one) and \(other) are in no order, or in two.")
        try require((one == other) == (first == second), "\(one) and \(other) are the same, or are not.")
    }

    private static func readName(_ text: String) throws -> PatchFileName? {
        guard let name = try? PatchFileName(parsing: text) else { return nil }
        try require(name.description.utf8.elementsEqual(text.utf8), "\(text) is printed as \(name).")
        try require(text.utf8.count <= 255, "\(text) is too long for a file system.")
        return name
    }

    /// A kernel module is read as the same whatever follows it.
    static let kernelModule = FuzzTarget("kernel-module") { bytes in
        guard let module = try? KernelModule(parsing: bytes) else { return }
        try require(!module.vermagic.isEmpty, "The module has an empty vermagic.")
        try require(try KernelModule(parsing: bytes + [0x7F, 0, 0xFF]) == module, "What follows the module changes it.")
    }
}
