import ArgumentParser
import LivepatchKit

/// Where in the order a tier goes.
struct TierPlace: ParsableArguments {
    @Option(help: ArgumentHelp("Directly before this tier.", valueName: "tier"), transform: tierName)
    var before: TierName?

    @Option(help: ArgumentHelp("Directly after this tier.", valueName: "tier"), transform: tierName)
    var after: TierName?

    func validate() throws {
        if before != nil, after != nil { throw ValidationError("A tier goes --before or --after another, not both.") }
    }

    var position: TierPosition {
        if let before { return .before(tier: before) }
        if let after { return .after(tier: after) }
        return .last
    }
}
