import LivepatchAPI
import NIOHTTP1

extension AdminClient {
    /// All pages of a list, one after the other.
    func pages<Page: Decodable>(
        _ path: String, _ type: Page.Type, _ next: (Page) -> String?, query: [(name: String, value: String)] = []
    ) async throws -> [Page] {
        var pages: [Page] = []
        var cursor: String?
        repeat {
            let parameters = query + PageQuery.parameters(limit: Int(PageQuery.limits.upperBound), cursor: cursor)
            let page: Page = try await value(request(.GET, path, query: parameters))
            pages.append(page)
            cursor = next(page)
        } while cursor != nil
        return pages
    }
}
