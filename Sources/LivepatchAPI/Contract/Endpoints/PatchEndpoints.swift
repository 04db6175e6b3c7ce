import FoundationEssentials
import LivepatchKit

extension Endpoint {
    static let tiers = [
        Endpoint(
            .get, Paths.tiers, "listTiers", "The tiers, in order.", for: .administrators(.read),
            answers: [.json(TierListBody.self)]),
        Endpoint(
            .get, Paths.tierSnapshots, "listTierSnapshots", "What the tiers were before they were replaced, newest first.",
            for: .administrators(.read), parameters: page, answers: [.json(TierSnapshotsBody.self)]),
        Endpoint(
            .get, Paths.changes, "listChanges", "The history, newest first.", for: .administrators(.read),
            parameters: page + [
                .query("before", Int64.self, "Only changes with a smaller number.", bounds: 0...Int64.max)
            ], answers: [.json(HistoryBody.self)]),
        Endpoint(
            .post, Paths.changes, "change", "Plans a change of tiers, memberships or blocks, and carries it out.",
            for: .administrators(.operate), parameters: [.ifMatch], body: .json(ChangeRequestBody.self),
            answers: [.json(ChangeResultBody.self, headers: [.planTag])],
            problems: [
                .malformedValue, .alreadyExists, .lastTier, .tierInUse, .tierUnknown, .versionUnknown, .versionBlocked,
                .blockedUpstream, .managedUpstream, .changeUnknown, .notUndoable, .catalogueChanged, .notFound,
                .preconditionFailed,
            ]),
    ]

    static let patches = [
        Endpoint(
            .get, Paths.patches, "listPatches", "The patch versions, in order.", for: .administrators(.read),
            parameters: page + [.query("tier", TierName.self, "Only what that tier holds.")],
            answers: [.json(PatchListBody.self)],
            problems: [.tierUnknown, .malformedValue]),
        Endpoint(
            .get, Paths.patchVersionTemplate, "showPatch", "A patch version with its files.", for: .administrators(.read),
            answers: [.json(PatchDetailBody.self)], problems: [.versionUnknown, .malformedValue]),
        Endpoint(
            .put, Paths.patchImportTemplate, "importPatch",
            "Takes in a patch file. Doing so again with the same content changes nothing.", for: .administrators(.operate),
            parameters: [
                .query("cve", String.self, "A CVE that it mends.", isRepeated: true),
                .query("released", Date.self, "When it was released."),
            ],
            body: RequestBody(
                mediaType: "application/x-bzip2", type: nil,
                description:
                    "The tarball. Whoever sends `Expect: 100-continue` is asked for it only once the caller and the length are found good.",
                isRead: false),
            answers: [
                .json(PatchImportBody.self, 201, "It was taken in."), .json(PatchImportBody.self, 200, "It was there already."),
            ],
            problems: [
                .importRefused, .patchNameInvalid, .patchArchiveInvalid, .patchTruncated, .patchTooLarge, .patchModuleCount,
                .patchModuleInvalid, .patchNotLivepatch, .patchKernelMismatch, .patchArchitectureMismatch,
                .patchMetadataInvalid, .patchContentDiffers, .storageFull, .storageBusy, .malformedValue,
            ] + ownFaults),
    ]

    static let storage = [
        Endpoint(
            .get, Paths.storagePatches, "listStoredPatches", "Every file, and whether its content is there.",
            for: .administrators(.read), parameters: page, answers: [.json(StoragePatchesBody.self)], problems: ownFaults),
        Endpoint(
            .post, Paths.storageRefresh, "refreshStorage", "Takes in what lies in the drop folder, and looks what is there.",
            for: .administrators(.operate), answers: [.lines(StorageEventBody<StorageRefresh>.self, work)]),
        Endpoint(
            .post, Paths.storageVerify, "verifyStorage", "Hashes all content.", for: .administrators(.operate),
            body: .json(StorageVerifyBody.self), answers: [.lines(StorageEventBody<StorageVerification>.self, work)]),
        Endpoint(
            .post, Paths.storageCollect, "collectStorage", "Removes content that nothing refers to.",
            for: .administrators(.operate),
            body: .json(StorageCollectBody.self), answers: [.lines(StorageEventBody<StorageCollection>.self, work)]),
        Endpoint(
            .post, Paths.storagePrefetch, "prefetchStorage",
            "Fetches from the upstream what a tier's machines would ask for, before they do.", for: .administrators(.operate),
            body: .json(StoragePrefetchBody.self), answers: [.lines(StorageEventBody<StoragePrefetch>.self, work)]),
    ]

    private static let work =
        "A line each time that the work has come further, and when nothing has happened for a while; the last line is `ended` or `problem`. Whoever leaves before ends the work."
}
