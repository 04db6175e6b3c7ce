import LivepatchKit

extension Endpoint {
    static let documents = [
        document(
            Paths.syncHead, "readHead", "The document that changes whenever anything does.", .json(Head.self), headers: [.lag]),
        Endpoint(
            .get, Paths.syncEvents, "listenForChanges", "Announces each change of the head, until the connection ends.",
            for: .viewers, parameters: [.deployment],
            answers: [
                Answer(
                    status: 200, content: .bytes(mediaType: HeadEvents.mediaType),
                    description: "An event `head` at once and at each change; its data is a JSON object with the head's `tag`.")
            ], problems: [.notFound] + ownFaults),
        Endpoint(
            .get, Paths.syncTraceTemplate, "traceAsDownstream",
            "When this server and those above it had a patch version, as far as the token sees it.", for: .downstreams,
            parameters: [.deployment, hops], answers: [.json(VersionTrace.self)], problems: [.malformedValue]),
        document(Paths.syncRevocations, "readRevocations", "What is blocked.", .json(RevocationsDocument.self)),
        document(Paths.syncTiers, "readTiers", "The tiers of the view, in order.", .json(TierListDocument.self)),
        document(
            Paths.syncCoverage, "readCoverage", "How long which kernels get patches.", .json(CoverageDocument.self), [.notFound]),
        document(Paths.syncTierTemplate, "readTier", "The patch versions that a tier offers.", .json(TierDocument.self)),
        document(
            Paths.syncVersionTemplate, "readVersion", "The files of a patch version.", .signable(VersionDocument.self)),
        metadata(Paths.originMetadataTemplate, "readOriginMetadata", "Signed metadata of what a server has released."),
        metadata(Paths.viewMetadataTemplate, "readViewMetadata", "Signed metadata of who gets it."),
    ]

    static let hops = Parameter.query(
        "hops", Int64.self, "How many servers answer at most.", bounds: 1...Int64(TraceWalk.limit))

    static let downloads = [
        download(Paths.patchFileTemplate, "readPatchFile", "A patch file.", []),
        download(
            Paths.targetTemplate, "readTarget", "A patch file by digest and name.",
            [.path("target", String.self, "The SHA-256 in hexadecimal, a full stop, and the file's name.")]),
    ]

    private static func document(
        _ path: String, _ id: String, _ summary: String, _ content: Answer.Content, _ problems: [LivepatchError.Code] = [],
        headers: [Header] = []
    ) -> Endpoint {
        Endpoint(
            .get, path, id, summary, for: .viewers, parameters: [.deployment, .ifNoneMatch],
            answers: [
                Answer(status: 200, content: content, description: "The document.", headers: [.entityTag] + headers),
                .notModified,
            ], problems: problems + ownFaults)
    }

    private static func metadata(_ path: String, _ id: String, _ summary: String) -> Endpoint {
        Endpoint(
            .get, path, id, summary, for: .viewers,
            parameters: [
                .path("file", String.self, "A metadata file's name, such as timestamp.json."), .deployment, .ifNoneMatch,
            ],
            answers: [
                Answer(
                    status: 200, content: .bytes(mediaType: "application/json"),
                    description: "Metadata of The Update Framework, the bytes as they were signed.", headers: [.entityTag]),
                .notModified,
            ], problems: ownFaults)
    }

    private static func download(_ path: String, _ id: String, _ summary: String, _ parameters: [Parameter]) -> Endpoint {
        let type = Answer.Content.bytes(mediaType: "application/x-bzip2")
        return Endpoint(
            .get, path, id, summary, for: .downloaders,
            parameters: parameters + [
                .deployment, .ifNoneMatch, .header("Range", "The bytes that are wanted; several ranges are not served as such."),
                .header("If-Range", "An entity tag: the range is meant only if it is still the present one."),
            ],
            answers: [
                Answer(status: 200, content: type, description: "The file.", headers: fileHeaders),
                Answer(
                    status: 206, content: type, description: "The range.",
                    headers: fileHeaders + [Header(name: "Content-Range", description: "Which bytes these are.")]),
                Answer(
                    status: 302, content: .nothing, description: "Where the file is (server.redirect-downloads).",
                    headers: [Header(name: "Location", description: "Where.")]),
                .notModified,
            ], problems: [.rangeNotSatisfiable, .contentNotFetched, .storageFull] + ownFaults)
    }

    private static let fileHeaders: [Header] = [
        .entityTag, Header(name: "Accept-Ranges", description: "Always bytes."),
        Header(name: "Content-Disposition", description: "The file's name."),
    ]

    /// What a server may find out about itself while it answers.
    static let ownFaults: [LivepatchError.Code] = [.storageUnavailable, .storageDamaged, .trustUnavailable]
}
