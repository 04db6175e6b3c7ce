import LivepatchKit

// Values of the domain as literals. A test that misspells one stops there.

private func value<Value: TextCodable>(_ text: String) -> Value {
    do {
        return try Value(parsing: text)
    } catch {
        preconditionFailure("\(error)")
    }
}

extension Architecture: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension DeploymentID: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension Flavour: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension KernelSeries: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension KernelVersion: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension PatchFileName: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension PatchVersion: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension TierName: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}

extension Codename: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = value(text) }
}
