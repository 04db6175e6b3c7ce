/// When the pings that follow an application are due, and when a machine has been well for long enough.
public enum PatchWatch {
    /// How long after the insertion each of them is due.
    public static let schedule: [(kind: MachinePing.Kind, after: Duration)] = [
        (.oneMinute, .seconds(60)), (.fiveMinutes, .seconds(300)), (.fifteenMinutes, .seconds(900)),
    ]

    /// How long a machine has to be well with a patch until that is known not to have taken it down.
    public static let proof: Duration = .seconds(900)

    /// The pings that are due, and have not been made.
    /// - Parameter uptime: how long the kernel has been running now.
    public static func due(_ patch: AppliedPatch, uptime: Duration) -> [MachinePing.Kind] {
        schedule.filter { !patch.pinged.contains($0.kind) && age(patch, uptime) >= $0.after }.map(\.kind)
    }

    /// How long until the next one is due; `nil` if all have been made.
    public static func next(_ patch: AppliedPatch, uptime: Duration) -> Duration? {
        schedule.first { !patch.pinged.contains($0.kind) }.map { max(.zero, $0.after - age(patch, uptime)) }
    }

    /// Whether the machine has been well with it for long enough.
    public static func isProven(_ patch: AppliedPatch, uptime: Duration) -> Bool { age(patch, uptime) >= proof }

    private static func age(_ patch: AppliedPatch, _ uptime: Duration) -> Duration { uptime - .seconds(patch.uptimeSeconds) }
}
