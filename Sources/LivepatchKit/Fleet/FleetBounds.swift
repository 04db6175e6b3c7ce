/// What is taken from a downstream at most. A downstream is not trusted: whatever it sends, neither memory nor database grows beyond
/// these bounds for one sync token.
public enum FleetBounds {
    /// Deployments in one report: the one that reports and those below it.
    public static let deploymentLimit = 1000
    /// Lines of one deployment's tally.
    public static let lineLimit = 300
    /// Failures' messages of one deployment.
    public static let failureLimit = 40
    /// The longest message that is kept, in bytes of UTF-8.
    public static let messageLimit = 200
    /// The largest number that is believed.
    public static let machineLimit = 100_000_000
    /// The longest age and the longest patience that are believed, in seconds: ten years.
    public static let ageLimit: Int64 = 10 * 366 * 86_400
    /// A report as it is sent, in bytes; what is larger is made smaller before it is sent.
    public static let reportBytes = 1 << 20
    /// A report or a page as it is taken, in bytes.
    public static let bodyBytes = 4 << 20
    /// Machines in one page of machine reports.
    public static let pageLimit = 500
    /// The largest line of such a page, in bytes.
    public static let pageLineBytes = 16 << 10
    /// Machines whose reports are kept for one sync token.
    public static let keptMachines = 200_000

    /// A text's beginning, no longer than a number of bytes of UTF-8, cut between characters.
    static func cut(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var cut = ""
        var count = 0
        for character in text {
            count += String(character).utf8.count
            guard count <= bytes - 3 else { break }
            cut.append(character)
        }
        return cut + "…"
    }
}

extension LivepatchError {
    package static func tooManyMachinesBelow(_ token: String) -> LivepatchError {
        LivepatchError(
            .requestTooLarge,
            "Reports of more than \(FleetBounds.keptMachines) machines came with the sync token '\(token)'; no more are kept.",
            suggestion: "Give the deployments that report sync tokens of their own.")
    }
}
