public import LivepatchKit

/// Webhooks' secrets as files in a directory, `REFERENCE.secret` each, for their owner alone.
public struct DirectoryWebhookSecrets: WebhookSecretStore {
    private static let suffix = ".secret"

    private let folder: Folder
    private let lanes = BlockingLanes("livepatch.webhooks", count: 1)

    /// - Parameter path: the directory, which is made with the first secret.
    public init(at path: String) { folder = Folder(path) }

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may use the file, `malformed-value` if it holds no
    ///   secret, `storage-unavailable` if it cannot be read.
    public func secret(_ reference: String) async throws -> WebhookSecret? {
        let file = file(of: reference)
        return try await lanes.run { try file.readText().map(WebhookSecret.init(parsing:)) }
    }

    /// - Throws: ``LivepatchError`` with the codes `storage-full` and `storage-unavailable`.
    public func keep(_ secret: WebhookSecret, as reference: String) async throws {
        let (folder, file) = (folder, file(of: reference))
        try await lanes.run {
            do throws(FileFault) {
                // The keys' directory may be new, too; it is as private.
                try folder.above.makePrivate()
                try folder.makePrivate()
            } catch {
                throw error.error
            }
            try file.write(secret.text)
        }
    }

    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`.
    public func forget(except references: Set<String>) async throws {
        let folder = folder
        try await lanes.run {
            do throws(FileFault) {
                for name in try folder.names() where name.hasSuffix(Self.suffix) {
                    if !references.contains(String(name.dropLast(Self.suffix.count))) { SmallFile.remove(folder.file(name)) }
                }
            } catch {
                throw error.error
            }
        }
    }

    private func file(of reference: String) -> SecretFile { SecretFile(at: folder.file(reference + Self.suffix)) }
}
