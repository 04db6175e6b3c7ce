import LivepatchKit

/// Names that tests use again and again.
enum Shorthand {
    static let edge = made { try TierName(parsing: "edge") }
    static let stable = made { try TierName(parsing: "stable") }
    static let deployment = made { try DeploymentID(parsing: "origin-1") }

    private static func made<Value>(_ make: () throws -> Value) -> Value {
        do { return try make() } catch { preconditionFailure("\(error)") }
    }
}
