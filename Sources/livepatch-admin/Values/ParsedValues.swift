import ArgumentParser
import LivepatchAPI
import LivepatchKit

// Each value refuses with its own words, so commands take it with `transform:`.

/// Reads a tier's name.
@Sendable func tierName(_ text: String) throws -> TierName { try TierName(parsing: text) }

/// Reads a patch version.
@Sendable func patchVersion(_ text: String) throws -> PatchVersion { try PatchVersion(parsing: text) }

/// Reads a duration.
@Sendable func duration(_ text: String) throws -> Duration { try DurationText.parse(text) }

/// Reads a state of patching.
@Sendable func patchState(_ text: String) throws -> PatchState { try PatchState(parsing: text) }

/// Reads a kernel's version.
@Sendable func kernelVersion(_ text: String) throws -> KernelVersion { try KernelVersion(parsing: text) }

/// Reads a kernel's flavour.
@Sendable func kernelFlavour(_ text: String) throws -> Flavour { try Flavour(parsing: text) }

/// Reads an architecture's Debian name.
@Sendable func debianArchitecture(_ text: String) throws -> Architecture { try Architecture(parsing: text) }
