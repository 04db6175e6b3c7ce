import Crypto
public import LivepatchKit

/// The id by which a machine calls itself.
public enum LocalMachine {
    /// What makes the ids of this application others than those that another derives from the same file.
    private static let application = Array("livepatch-for-swift/machine-id/1".utf8)

    /// The id derived from the first of some files that holds one: 32 hexadecimal digits that do not tell the file's content (HMAC-SHA-256
    /// under it, cut to 128 bits, as machine-id(5) advises).
    /// - Parameter root: what stands before every path; empty for the running system.
    /// - Throws: ``LivepatchError`` with the code `machine-unidentified`.
    public static func id(root: String = "") throws -> MachineID {
        for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
            guard let text = try KernelFile.text(root + path) else { continue }
            guard text.wholeMatch(of: /[0-9a-f]{32}/) != nil, text.contains(where: { $0 != "0" }) else { continue }
            let key = SymmetricKey(data: Array(text.utf8))
            let code = HMAC<SHA256>.authenticationCode(for: application, using: key)
            let digits = code.prefix(16).map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0\(digits)" : digits
            }
            return try MachineID(parsing: digits.joined())
        }
        throw LivepatchError(
            .machineUnidentified, "This machine has no id: '\(root)/etc/machine-id' does not hold 32 hexadecimal digits.",
            suggestion: "Make one with 'systemd-machine-id-setup', and never copy it from one machine to another.")
    }
}
