public import LivepatchKit

/// The names of a made-up but realistic set of patch files: every version for every kernel, flavour and architecture.
public struct PatchNames: Sendable {
    public var versions: [PatchVersion]
    public var kernels: [KernelVersion]
    public var flavours: [Flavour]
    public var architectures: [Architecture]

    public init(
        versions: [PatchVersion], kernels: [KernelVersion], flavours: [Flavour], architectures: [Architecture] = [.amd64]
    ) {
        self.versions = versions
        self.kernels = kernels
        self.flavours = flavours
        self.architectures = architectures
    }

    /// `100.1`, `101.1` and so on.
    public static func versions(_ count: Int) -> [PatchVersion] { (0..<max(0, count)).map { PatchVersion(100 + $0, 1) } }

    /// Kernels of several series in turn, each with the next ABI number of its series: `5.15.0-101.111`, `5.4.0-171.189`, …
    public static func kernels(_ count: Int) throws -> [KernelVersion] {
        let series = [(upstream: "5.15.0", abi: 101, ahead: 10), ("5.4.0", 171, 18), ("6.8.0", 31, 0), ("4.15.0", 213, 11)]
        return try (0..<max(0, count)).map { index in
            let (upstream, first, ahead) = series[index % series.count]
            let abi = first + index / series.count
            return try KernelVersion(parsing: "\(upstream)-\(abi).\(abi + ahead)")
        }
    }

    /// How many there are.
    public var count: Int { versions.count * kernels.count * flavours.count * architectures.count }

    /// All of them, by version first.
    public func all() -> some Sequence<PatchFileName> {
        (0..<count).lazy.map { self[$0] }
    }

    /// One of them.
    /// - Parameter index: from 0 to ``count`` exclusive.
    public subscript(index: Int) -> PatchFileName {
        var rest = index
        func take<Value>(_ values: [Value]) -> Value {
            defer { rest /= values.count }
            return values[rest % values.count]
        }
        let architecture = take(architectures)
        let flavour = take(flavours)
        let kernel = take(kernels)
        return PatchFileName(kernel: kernel, flavour: flavour, version: take(versions), architecture: architecture)
    }
}
