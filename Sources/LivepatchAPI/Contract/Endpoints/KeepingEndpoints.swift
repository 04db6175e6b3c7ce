import LivepatchKit

extension Endpoint {
    static let keeping = [
        Endpoint(
            .post, Paths.backups, "takeBackup", "Takes a backup of the server. One is taken at a time.",
            for: .administrators(.admin), body: .json(BackupBody.self),
            answers: [
                Answer(
                    status: 200, content: .bytes(mediaType: "application/x-tar"),
                    description:
                        "The backup, a tar archive (Documentation/operations.md). One that breaks off before its end is not whole."
                )
            ], problems: [.malformedValue, .storageBusy, .storageFull] + ownFaults),
        Endpoint(
            .get, Paths.diagnosis, "diagnose",
            "Has the server look at itself: its disks, its database, some of its content, and its upstreams.",
            for: .administrators(.read), answers: [.json(DiagnosisBody.self)], problems: ownFaults),
    ]
}
