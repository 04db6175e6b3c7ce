import FoundationEssentials
public import LivepatchKit
import TUF

extension DirectoryTrustKeyStore {
    /// What became of a key that was brought.
    public enum Import: Hashable, Sendable {
        /// There was no key of that name.
        case added
        /// It is the key that was there.
        case unchanged
        /// It took the place of another one, which is kept at that path.
        case replaced(former: String)
    }

    /// Takes in a key that was made elsewhere. The server must not be running meanwhile.
    /// - Parameters:
    ///   - file: where it is, for its owner alone, as this directory has them.
    ///   - replacing: whether it may take the place of another key.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is no such file, `configuration-invalid` if others may use it,
    ///   `trust-unavailable` if it holds no key, `already-exists` if there is another key, and those of storages.
    public func take(_ file: SecretFile, as name: TrustKeyName, replacing: Bool) async throws -> Import {
        guard let key = try Self.read(file) else {
            throw LivepatchError(.notFound, "There is no file '\(file.path)'.")
        }
        let place = self.file(of: name)
        guard let former = try await self.key(name) else {
            try await make()
            try place.write(Self.text(key))
            return .added
        }
        guard former.keyID != key.keyID else { return .unchanged }
        guard replacing else {
            throw LivepatchError(
                .alreadyExists,
                "This server signs with another key as '\(name.rawValue)', in '\(place.path)'.", suggestion: Self.advice(name))
        }
        let kept = SecretFile(at: "\(place.path).\(former.keyID.prefix(12)).former")
        try kept.write(Self.text(former), replacing: true)
        try place.write(Self.text(key), replacing: true)
        return .replaced(former: kept.path)
    }

    private static func advice(_ name: TrustKeyName) -> String {
        switch name {
        case .originRoot, .tiersRoot:
            "Those who trust the present root cannot follow to a root that this key signs, unless the present root lists it too. With --force it is replaced all the same, and the former key is kept beside it."
        case .originTargets, .originOnline, .tiersTargets, .tiersOnline:
            "With --force it is replaced, and the former key kept beside it; at its next start the server signs a new root that lists the new key, for which the root's key has to be here."
        }
    }
}
