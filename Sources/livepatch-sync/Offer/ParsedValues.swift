import LivepatchKit

// Each value refuses with its own words, so commands take it with `transform:`.

/// Reads an architecture.
@Sendable func architectureName(_ text: String) throws -> Architecture { try Architecture(parsing: text) }

/// Reads a kernel flavour.
@Sendable func flavourName(_ text: String) throws -> Flavour { try Flavour(parsing: text) }

/// Reads a tier's name.
@Sendable func tierName(_ text: String) throws -> TierName { try TierName(parsing: text) }
