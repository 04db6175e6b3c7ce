import ArgumentParser
import FoundationEssentials
import LivepatchKit

/// The options that say which machines are meant. All that are given have to fit.
struct MachineFilterOptions: ParsableArguments {
    @Option(help: "Only those of this tier.", transform: tierName)
    var tier: TierName?

    @Option(help: ArgumentHelp("Only those attached with the auth token of this id.", valueName: "id"))
    var group: String?

    @Option(
        help: ArgumentHelp("Only those that have this patch version, or tried to.", valueName: "version"), transform: patchVersion
    )
    var patch: PatchVersion?

    @Option(help: "Only those in this state; several times for one of several.", transform: patchState)
    var state: [PatchState] = []

    @Option(help: ArgumentHelp("Only those with this kernel: 5.15.0-107.117.", valueName: "version"), transform: kernelVersion)
    var kernel: KernelVersion?

    @Option(help: "Only those with a kernel of this flavour.", transform: kernelFlavour)
    var flavour: Flavour?

    @Option(help: "Only those of this architecture.", transform: debianArchitecture)
    var architecture: Architecture?

    @Option(help: "Only those with this label; several times for all of several.")
    var tag: [String] = []

    @Option(help: ArgumentHelp("Only those not heard of for so long: 12h, 30d.", valueName: "duration"), transform: duration)
    var silent: Duration?

    @Option(help: ArgumentHelp("Only those heard of within that time: 2h.", valueName: "duration"), transform: duration)
    var seen: Duration?

    @Flag(help: "Only those whose id two machines seem to use.")
    var shared = false

    func query(now: Date) -> MachineQuery {
        var query = MachineQuery()
        query.tier = tier
        query.authToken = group
        query.patchVersion = patch
        query.states = state
        query.kernel = kernel
        query.flavour = flavour
        query.architecture = architecture
        query.tags = tag
        query.silentSince = silent.map { now.addingTimeInterval(-($0 / .seconds(1))) }
        query.seenSince = seen.map { now.addingTimeInterval(-($0 / .seconds(1))) }
        query.shared = shared
        return query
    }
}
