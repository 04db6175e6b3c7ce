import LivepatchAPI
import LivepatchKit

extension FuzzTarget {
    /// A body that is read is written so that it is read again, and is not another one then. The input is the name of its type, and in
    /// the next line the body.
    static let bodies = FuzzTarget("bodies") { bytes in
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let check = kinds[String(decoding: bytes[..<end], as: UTF8.self)]
        else { return }
        try check(Array(bytes[(end + 1)...]))
    }

    private typealias Check = @Sendable ([UInt8]) throws -> Void

    private static func check<Body: Codable & SendableMetatype>(_ type: Body.Type) -> (String, Check) {
        (
            "\(type)",
            { bytes in
                guard let body = try? DocumentCoding.decode(type, from: bytes) else { return }
                let written = try DocumentCoding.encode(body)
                let again = try DocumentCoding.encode(DocumentCoding.decode(type, from: written))
                try require(again == written, "A \(type) is another one when written twice.")
            }
        )
    }

    /// Every body that is sent to a server, and every one that it answers.
    private static let kinds: [String: Check] = Dictionary(
        requests + answersToAdministrators + answersToOthers, uniquingKeysWith: { first, _ in first })

    private static let requests = [
        check(AuthTokenMoveBody.self), check(AuthTokenRequestBody.self), check(ChangeRequestBody.self),
        check(CoverageChangeBody.self), check(FleetReport.self), check(MachineForgetBody.self), check(MachinePing.self),
        check(MachineReport.self), check(MachineTagsBody.self), check(PatchMetadata.self), check(RootBody.self),
        check(SessionRevocationBody.self), check(StorageCollectBody.self), check(StoragePrefetchBody.self),
        check(StorageVerifyBody.self),
        check(SyncTokenRequestBody.self), check(SyncTokenRotateBody.self), check(SyncTriggerBody.self),
        check(WebhookRequestBody.self), check(WebhookRetryBody.self),
    ]

    private static let answersToAdministrators = [
        check(AddedWebhookBody.self), check(AdminSessionsBody.self), check(AuthTokensBody.self), check(ChangeResultBody.self),
        check(CoverageBody.self), check(CoverageChangeResultBody.self), check(HistoryBody.self), check(IssuedAuthTokenBody.self),
        check(IssuedSyncTokenBody.self), check(LoginBody.self), check(MachineDetailBody.self), check(MachineListBody.self),
        check(MachinesForgottenBody.self), check(PatchDetailBody.self), check(PatchImportBody.self), check(PatchListBody.self),
        check(ServerInformationBody.self), check(StorageEventBody<StorageVerification>.self),
        check(StorageEventBody<StoragePrefetch>.self), check(StoragePatchesBody.self),
        check(SyncEventBody.self), check(SyncReportsBody.self), check(SyncStatusBody.self), check(SyncTokensBody.self),
        check(TierListBody.self), check(TierSnapshotsBody.self), check(WebhookDeliveriesBody.self), check(WebhooksBody.self),
    ]

    private static let answersToOthers = [
        check(CheckInAnswer.self), check(KernelSupportBody.self), check(MachineInformationBody.self), check(Problem.self),
        check(RegistrationBody.self),
    ]
}
