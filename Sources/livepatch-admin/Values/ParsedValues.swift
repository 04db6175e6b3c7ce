import ArgumentParser
import LivepatchKit

// Each value refuses with its own words, so commands take it with `transform:`.

/// Reads a tier's name.
@Sendable func tierName(_ text: String) throws -> TierName { try TierName(parsing: text) }

/// Reads a patch version.
@Sendable func patchVersion(_ text: String) throws -> PatchVersion { try PatchVersion(parsing: text) }

/// Reads a duration.
@Sendable func duration(_ text: String) throws -> Duration { try DurationText.parse(text) }
