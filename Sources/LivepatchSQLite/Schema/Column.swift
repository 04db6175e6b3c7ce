import FoundationEssentials
import GRDB
import LivepatchKit

/// How values are written into columns.
enum Column {
    // MARK: Times

    /// Seconds since 1970; a fraction is dropped.
    static func seconds(_ date: Date) -> Int64 { Int64(date.timeIntervalSince1970.rounded(.down)) }

    static func optionalDate(_ seconds: Int64?) -> Date? { seconds.map(date) }

    static func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: Double(seconds)) }

    // MARK: Patch versions

    private static let revisions = Int64(PatchVersion.numbers.count)

    /// Release and revision in one integer that sorts as they do.
    static func key(of version: PatchVersion) -> Int64 { Int64(version.release) * revisions + Int64(version.revision) }

    static func version(_ key: Int64) throws -> PatchVersion {
        guard key >= 0, key / revisions < revisions else { throw SQLiteFault.damagedRow("\(key) stands for no patch version") }
        return PatchVersion(Int(key / revisions), Int(key % revisions))
    }

    // MARK: Digests

    static func blob(_ digest: SHA256Digest) -> Data { Data(digest.bytes) }

    static func digest(_ row: Row, _ index: Int) throws -> SHA256Digest {
        let digest = try row.withUnsafeData(atIndex: index) { data in data.flatMap { SHA256Digest(bytes: $0) } }
        guard let digest else { throw SQLiteFault.damagedRow("a SHA-256 has not 32 bytes") }
        return digest
    }

    // MARK: Text

    /// A value that is written as one string.
    static func value<Value: TextCodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do { return try Value(parsing: text) } catch { throw SQLiteFault.damagedRow("\(error)") }
    }

    /// CVE identifiers in a line; they hold no spaces.
    static func line(_ cves: [String]) -> String { cves.joined(separator: " ") }

    static func cves(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try DocumentCoding.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, json: String) throws -> Value {
        do {
            return try DocumentCoding.decode(type, from: json.utf8)
        } catch {
            throw SQLiteFault.damagedRow("a record cannot be read (\(DocumentCoding.reason(error)))")
        }
    }
}
