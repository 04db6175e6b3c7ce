/// When a server fetches the content of what it has synced.
public enum SyncMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// In the sync that brings the documents.
    case eager
    /// When a machine, a downstream or an administrator first asks for it.
    case onDemand = "on-demand"
}
