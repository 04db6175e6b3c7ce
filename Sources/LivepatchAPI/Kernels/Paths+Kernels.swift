extension Paths {
    /// `GET` lists the coverage table, `POST` changes this server's own entries.
    public static let kernelCoverage = "/v1/admin/kernels/coverage"
}
