import FoundationEssentials
import LivepatchConsole
import LivepatchKit

/// Where sessions are kept between commands: a file for each server, mode 0600, under `$XDG_CONFIG_HOME/livepatch/sessions`, or
/// `~/.config/livepatch/sessions`.
struct SessionStore: Sendable {
    /// A login that was kept.
    struct Session: Hashable, Sendable, Codable {
        /// The server's URL: a session is for no other.
        let server: String
        let token: String
        let user: String
        let expires: Date
    }

    let directory: String

    init(directory: String) { self.directory = directory }

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if the environment names no home.
    init(environment: [String: String]) throws {
        // A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification 0.8).
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            directory = "\(base)/livepatch/sessions"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            directory = "\(home)/.config/livepatch/sessions"
        } else {
            throw LivepatchError(
                .configurationInvalid, "There is no place to keep sessions: neither XDG_CONFIG_HOME nor HOME is set.",
                suggestion: "Set HOME to a directory of yours.")
        }
    }

    /// The session for a server, unless it has ended.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may read the file.
    func session(for server: String, now: Date) throws -> Session? {
        guard let bytes = try PrivateFile.read(path(of: server)) else { return nil }
        let session: Session
        do {
            session = try DocumentCoding.decode(Session.self, from: bytes)
        } catch {
            throw LivepatchError(
                .configurationInvalid, "'\(path(of: server))' does not hold a session: \(DocumentCoding.reason(error)).",
                suggestion: "Remove the file and log in again.", cause: error)
        }
        return session.server == server && session.expires > now ? session : nil
    }

    func keep(_ session: Session) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw LivepatchError(
                .storageUnavailable, "The directory '\(directory)' cannot be made.",
                suggestion: "Check its parent's permissions, or set XDG_CONFIG_HOME.", cause: error)
        }
        let text = String(decoding: try DocumentCoding.encode(session), as: UTF8.self)
        try PrivateFile(path: path(of: session.server), replacing: true).finish(text + "\n")
    }

    /// Forgets the session for a server; nothing happens if there is none.
    func forget(_ server: String) throws {
        let path = path(of: server)
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            guard FileManager.default.fileExists(atPath: path) else { return }
            throw LivepatchError(.storageUnavailable, "'\(path)' cannot be removed.", suggestion: "Remove it.", cause: error)
        }
    }

    /// `https://patches.example.com:8443` is kept in `https_patches.example.com_8443.json`.
    func path(of server: String) -> String {
        let name = server.replacing("://", with: "_").map { character in
            character.isASCII && (character.isLetter || character.isNumber || character == "." || character == "-")
                ? character : "_"
        }
        return "\(directory)/\(String(name)).json"
    }
}
