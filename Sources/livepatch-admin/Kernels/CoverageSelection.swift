import ArgumentParser
import LivepatchKit

/// The kernels that an entry is about.
struct CoverageSelection: ParsableArguments {
    @Argument(
        help: "The first two numbers of the upstream version, such as 5.15.", transform: { try KernelSeries(parsing: $0) })
    var series: KernelSeries

    @Argument(help: "The flavour, such as generic.", transform: { try Flavour(parsing: $0) })
    var flavour: Flavour

    @Argument(help: "The architecture by its Debian name, such as amd64.", transform: { try Architecture(parsing: $0) })
    var architecture: Architecture

    @Option(
        help: ArgumentHelp("Only kernels of that release of a distribution, such as jammy.", valueName: "name"),
        transform: { try Codename(parsing: $0) })
    var codename: Codename?

    var key: KernelCoverage.Key {
        KernelCoverage.Key(series: series, flavour: flavour, architecture: architecture, codename: codename)
    }
}
