// What every catalogue refuses, in the same words wherever it keeps its rows.

extension LivepatchError {
    package static func contentDiffers(_ file: PatchFile, from known: PatchFile) -> LivepatchError {
        LivepatchError(
            .patchContentDiffers,
            "The catalogue has '\(file.name)' with other content (SHA-256 \(known.digest), not \(file.digest)).",
            suggestion: "A released patch file never changes: publish the new content under a new patch version.")
    }

    package static func catalogueChanged() -> LivepatchError {
        LivepatchError(
            .catalogueChanged, "The catalogue was changed by somebody else between the plan and its application.",
            suggestion: "Nothing was done; look at the plan again and repeat the command.")
    }

    package static func tierUnknown(_ tier: TierName, among tiers: [TierName]) -> LivepatchError {
        LivepatchError(
            .tierUnknown, "There is no tier '\(tier)'.",
            suggestion: "The tiers are: \(tiers.map(\.description).joined(separator: ", ")).")
    }

    package static func tokenExists(_ name: String) -> LivepatchError {
        LivepatchError(
            .alreadyExists, "There is a sync token '\(name)' already.",
            suggestion: "Choose another name, or give it a new secret with `livepatch-admin sync-tokens rotate \(name)`.")
    }

    package static func tokenUnknown(_ name: String) -> LivepatchError {
        LivepatchError(
            .notFound, "There is no sync token '\(name)', or it has been revoked.",
            suggestion: "See `livepatch-admin sync-tokens list`.")
    }

    package static func accountExists(_ user: String) -> LivepatchError {
        LivepatchError(.alreadyExists, "There is an account '\(user)' already.", suggestion: "Choose another name.")
    }

    package static func documentNotKept(_ version: PatchVersion, _ reference: DocumentReference) -> LivepatchError {
        LivepatchError(
            .internalFault,
            "The document of patch \(version) (SHA-256 \(reference.digest)) was not kept before the switch to it.",
            suggestion: "Nothing was changed; repeat the sync, and report this if it happens again.")
    }

    package static func documentUnreadable(_ version: PatchVersion, _ reason: String) -> LivepatchError {
        LivepatchError(
            .upstreamMalformed, "The document of patch \(version) cannot be read: \(reason).",
            suggestion: "Nothing was changed; ask the upstream's administrator to look at that version.")
    }
}
