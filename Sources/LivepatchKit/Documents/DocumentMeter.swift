/// Counts what reading documents costs.
actor DocumentMeter {
    private(set) var cost = DocumentCost()

    func count(_ bytes: Int64) {
        cost.documents += bytes > 0 ? 1 : 0
        cost.bytes += bytes
    }
}
