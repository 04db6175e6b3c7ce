public import FoundationEssentials

/// A kernel of which somebody wants to know whether it gets patches.
public struct KernelQuestion: Hashable, Sendable {
    /// The first two numbers of the upstream version.
    public let series: KernelSeries
    public let flavour: Flavour
    public let architecture: Architecture
    /// `nil` if it is not known.
    public let codename: Codename?
    /// When the kernel was built; `nil` if it is not known.
    public let buildDate: Date?

    public init(
        series: KernelSeries, flavour: Flavour, architecture: Architecture, codename: Codename? = nil, buildDate: Date? = nil
    ) {
        self.series = series.leading
        self.flavour = flavour
        self.architecture = architecture
        self.codename = codename
        self.buildDate = buildDate
    }

    /// The kernel that a machine reports. A codename that is none counts as not known.
    public init(_ kernel: MachineKernel, codename: String? = nil, buildDate: Date? = nil) {
        self.init(
            series: KernelSeries(of: kernel.version), flavour: kernel.flavour, architecture: kernel.architecture,
            codename: codename.flatMap { try? Codename(parsing: $0) }, buildDate: buildDate)
    }

    var kind: KernelKind { KernelKind(series: series, flavour: flavour, architecture: architecture) }
}

/// Kernels of one series, flavour and architecture.
struct KernelKind: Hashable, Sendable {
    /// The first two numbers.
    let series: KernelSeries
    let flavour: Flavour
    let architecture: Architecture
}

extension KernelKind {
    init(of file: PatchFileName) {
        self.init(series: KernelSeries(of: file.kernel), flavour: file.flavour, architecture: file.architecture)
    }
}
