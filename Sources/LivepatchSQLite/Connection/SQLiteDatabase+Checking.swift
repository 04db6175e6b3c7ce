import LivepatchKit

extension SQLiteDatabase {
    /// Whether this release can open the file: that it is a database of this system, whole, and not of a newer release. Nothing
    /// is changed.
    /// - Throws: ``LivepatchError`` with the codes `database-foreign`, `database-newer`, `database-unavailable`.
    public static func check(path: String) throws { _ = try SchemaInspection.look(at: path) }
}
