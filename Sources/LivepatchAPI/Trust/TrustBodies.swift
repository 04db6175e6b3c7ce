/// `POST` of a root that was signed elsewhere.
public struct RootBody: Hashable, Sendable, Codable {
    /// The root's document.
    public let document: String

    public init(document: String) { self.document = document }
}
