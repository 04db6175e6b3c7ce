extension Paths {
    /// `POST` takes a backup, and answers with it.
    public static let backups = "/v1/admin/backups"
}
