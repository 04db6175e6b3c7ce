public import LivepatchAPI
import LivepatchKit

/// A tier holds nothing that an earlier one lacks.
public enum TierNesting {
    /// What contradicts that in what a server shows; `nil` if nothing does.
    public static func breach(in list: TierListBody) -> String? {
        for (earlier, later) in zip(list.tiers, list.tiers.dropFirst()) {
            let missing = Set(later.versions + later.blocked).subtracting(earlier.versions + earlier.blocked)
            if !missing.isEmpty {
                return "\(later.name) holds \(missing.sorted().map(\.description)), which \(earlier.name) does not"
            }
            let offered = Set(later.versions).subtracting(earlier.versions)
            if !offered.isEmpty {
                return "\(later.name) offers \(offered.sorted().map(\.description)), which \(earlier.name) does not"
            }
        }
        return nil
    }
}
