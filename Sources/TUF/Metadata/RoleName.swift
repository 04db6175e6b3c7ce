/// The names of the four top-level roles (specification, section 2.1). A delegated role has any other name.
public enum RoleName {
    public static let root = "root"
    public static let timestamp = "timestamp"
    public static let snapshot = "snapshot"
    public static let targets = "targets"

    /// In the order in which a client updates them.
    public static let topLevel = [root, timestamp, snapshot, targets]
}
