/// Which patch files a downstream takes. Empty sets and no minimum stand for everything.
public struct SyncFilter: Hashable, Sendable, Codable {
    public var architectures: Set<Architecture>
    public var flavours: Set<Flavour>
    public var minimumKernel: KernelSeries?

    public init(architectures: Set<Architecture> = [], flavours: Set<Flavour> = [], minimumKernel: KernelSeries? = nil) {
        self.architectures = architectures
        self.flavours = flavours
        self.minimumKernel = minimumKernel
    }

    /// Takes everything.
    public static let all = SyncFilter()

    public func admits(_ name: PatchFileName) -> Bool {
        (architectures.isEmpty || architectures.contains(name.architecture))
            && (flavours.isEmpty || flavours.contains(name.flavour))
            && (minimumKernel?.admits(name.kernel) ?? true)
    }
}

/// The filters of a route, the origin's side first: what passes all of them arrives.
public struct FilterChain: Hashable, Sendable, Codable {
    public var filters: [SyncFilter]

    public init(_ filters: [SyncFilter] = []) { self.filters = filters.filter { $0 != .all } }

    public func admits(_ name: PatchFileName) -> Bool { filters.allSatisfy { $0.admits(name) } }

    /// This route's filters and one more; one that takes everything or is there already adds nothing.
    public func appending(_ filter: SyncFilter) -> FilterChain {
        filters.contains(filter) ? self : FilterChain(filters + [filter])
    }
}

extension SyncFilter {
    private enum CodingKeys: String, CodingKey {
        case architectures, flavours, minimumKernel
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            architectures: Set(try container.decodeIfPresent([Architecture].self, forKey: .architectures) ?? []),
            flavours: Set(try container.decodeIfPresent([Flavour].self, forKey: .flavours) ?? []),
            minimumKernel: try container.decodeIfPresent(KernelSeries.self, forKey: .minimumKernel))
    }

    /// Sorted, so that equal filters are equal bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !architectures.isEmpty { try container.encode(architectures.sorted(), forKey: .architectures) }
        if !flavours.isEmpty { try container.encode(flavours.sorted(), forKey: .flavours) }
        try container.encodeIfPresent(minimumKernel, forKey: .minimumKernel)
    }
}
