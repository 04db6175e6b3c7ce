// Foundation itself, because file attributes are NSNumbers wherever it is loaded.
import Foundation

/// Small files that the configuration consists of or names.
enum ConfigurationFile {
    /// Why a file was not taken, as words that follow its name.
    struct Fault: Error {
        let reason: String
    }

    static let maximumBytes = 1 << 20

    static func text(_ path: String) throws(Fault) -> String {
        let bytes = try contents(path)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(reason: "is not UTF-8 text") }
        return text
    }

    private static func contents(_ path: String) throws(Fault) -> Data {
        let files = FileManager.default
        guard let attributes = try? files.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path) else {
            throw Fault(reason: "does not exist or cannot be reached")
        }
        if attributes[.type] as? FileAttributeType == .typeDirectory { throw Fault(reason: "is a directory") }
        if let size = attributes[.size] as? NSNumber, size.intValue > maximumBytes {
            throw Fault(reason: "is larger than \(ByteSize.text(Int64(maximumBytes)))")
        }
        guard let bytes = files.contents(atPath: path) else {
            throw Fault(reason: "cannot be read (permissions?)")
        }
        return bytes
    }

    /// Whether users other than the owner and the group may read the file.
    static func isReadableByEveryone(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
        guard let permissions = attributes?[.posixPermissions] as? NSNumber else { return false }
        return permissions.intValue & 0o004 != 0
    }
}
