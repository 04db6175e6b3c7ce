import LivepatchKit

extension Endpoint {
    static let kernels = [
        Endpoint(
            .get, Paths.kernelsSupported, "tellKernelSupport", "Whether a kernel gets patches.", for: .everybody,
            parameters: [
                .query(
                    "kernel-version", String.self, "The first two numbers of its upstream version, or more of it.",
                    isRequired: true, example: "5.15"),
                .query("flavour", String.self, "Its flavour.", isRequired: true, example: "generic"),
                .query("architecture", Architecture.self, "Debian's name of the architecture.", isRequired: true),
                .query("codename", Codename.self, "The distribution's codename."),
                .query("build-date", String.self, "When it was built, in RFC 3339, or `unknown`."),
            ], answers: [.json(KernelSupportBody.self)]),
        Endpoint(
            .get, Paths.kernelCoverage, "listCoverage", "How long which kernels get patches.", for: .administrators(.read),
            answers: [.json(CoverageBody.self)]),
        Endpoint(
            .post, Paths.kernelCoverage, "changeCoverage", "Plans a change of this server's own entries, and carries it out.",
            for: .administrators(.admin), parameters: [.ifMatch], body: .json(CoverageChangeBody.self),
            answers: [.json(CoverageChangeResultBody.self, headers: [.planTag])],
            problems: [.preconditionFailed, .malformedValue, .notFound, .catalogueChanged]),
    ]

    static let trust = [
        Endpoint(
            .get, Paths.trust, "tellTrust", "Which signed repositories there are, and how they are.", for: .administrators(.read),
            answers: [.json(TrustStatus.self)], problems: ownFaults),
        Endpoint(
            .get, Paths.trustRootTemplate, "tellRootBasis", "What the next root is made from.", for: .administrators(.read),
            answers: [.json(RootBasis.self)], problems: ownFaults),
        Endpoint(
            .post, Paths.trustRootTemplate, "publishRoot", "Publishes a root that was signed elsewhere.",
            for: .administrators(.admin),
            body: .json(RootBody.self), answers: [.json(TrustedRoot.self)], problems: [.rootRefused] + ownFaults),
    ]

    static let sync = [
        Endpoint(
            .get, Paths.sync, "tellSync", "What is synced, from where, and how that goes.", for: .administrators(.read),
            answers: [.json(SyncStatusBody.self)]),
        Endpoint(
            .post, Paths.sync, "triggerSync", "Begins a sync, or joins the one under way.", for: .administrators(.operate),
            body: .json(SyncTriggerBody.self),
            answers: [
                .lines(
                    SyncEventBody.self,
                    "First `started`; then, if the request waits, lines of `progress`, and `ended` or `problem` as the last one. The sync goes on if the caller leaves."
                )
            ], problems: [.syncNotConfigured, .syncUnderWay, .storageBusy]),
        Endpoint(
            .get, Paths.traceTemplate, "traceVersion", "When this server and those above it had a patch version.",
            for: .administrators(.read), parameters: [hops], answers: [.json(VersionTrace.self)], problems: [.malformedValue]),
        Endpoint(
            .get, Paths.syncReports, "listSyncReports", "What came of syncs, newest first.", for: .administrators(.read),
            parameters: page,
            answers: [.json(SyncReportsBody.self)]),
    ]

    static let webhooks = [
        Endpoint(
            .get, Paths.webhooks, "listWebhooks", "The webhooks.", for: .administrators(.read),
            answers: [.json(WebhooksBody.self)]),
        Endpoint(
            .post, Paths.webhooks, "addWebhook", "Adds a webhook.", for: .administrators(.admin),
            body: .json(WebhookRequestBody.self),
            answers: [.json(AddedWebhookBody.self, 201, "It was added; nobody is told its secret again.")],
            problems: [.malformedValue, .alreadyExists]),
        Endpoint(
            .delete, Paths.webhookTemplate, "removeWebhook", "Removes a webhook with its deliveries.",
            for: .administrators(.admin),
            parameters: [webhook], answers: [.done]),
        Endpoint(
            .post, Paths.webhookTestTemplate, "tryWebhook", "Posts a message that tries the webhook out.",
            for: .administrators(.admin),
            parameters: [webhook], answers: [.json(WebhookAttempt.self, 200, "What came of it.")],
            problems: [.configurationInvalid]),
        Endpoint(
            .post, Paths.webhookEnableTemplate, "enableWebhook", "Lets a webhook that was disabled begin again.",
            for: .administrators(.admin), parameters: [webhook], answers: [.json(Webhook.self)]),
        Endpoint(
            .get, Paths.webhookDeliveries, "listWebhookDeliveries", "What became of messages, newest first.",
            for: .administrators(.read),
            parameters: page + [
                .query("webhook", Int64.self, "Only that webhook's.", bounds: 0...Int64.max),
                .query("state", WebhookDelivery.State.self, "Only those."),
                .query("before", Int64.self, "Only deliveries with a smaller number.", bounds: 0...Int64.max),
            ], answers: [.json(WebhookDeliveriesBody.self)], problems: [.notFound]),
        Endpoint(
            .post, Paths.webhookRetry, "retryWebhookDeliveries", "Has deliveries that were given up tried again.",
            for: .administrators(.admin), body: .json(WebhookRetryBody.self), answers: [.json(WebhookRetryResultBody.self)],
            problems: [.notFound]),
    ]

    private static let webhook = Parameter.path("id", Int64.self, "The webhook's number.")
}
