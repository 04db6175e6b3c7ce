/// Which page of a list is wanted, in a URL's query, the same for whoever asks and whoever is asked.
public enum PageQuery {
    public static let limit = "limit"
    public static let cursor = "cursor"
    /// How many items a page may have.
    public static let limits: ClosedRange<Int64> = 1...1000

    /// - Parameter cursor: `next` of the page before; `nil` for the first one.
    public static func parameters(limit: Int, cursor: String?) -> [(name: String, value: String)] {
        [(Self.limit, "\(limit)")] + (cursor.map { [(Self.cursor, $0)] } ?? [])
    }
}
