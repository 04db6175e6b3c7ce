public import FoundationEssentials

/// Tokens that are about to end, or have ended while somebody still used them.
public struct TokenCheck: DiagnosticCheck {
    static let warningDays: Double = 14
    static let failureDays: Double = 2

    /// A token that is neither revoked nor forgotten.
    public struct Token: Hashable, Sendable {
        /// `sync token` or `auth token`.
        public let kind: String
        public let name: String
        public let validUntil: Date?
        /// When it was last used, where that is known.
        public let lastUsed: Date?

        public init(kind: String, name: String, validUntil: Date?, lastUsed: Date? = nil) {
            self.kind = kind
            self.name = name
            self.validUntil = validUntil
            self.lastUsed = lastUsed
        }
    }

    public let tokens: [Token]

    public init(_ tokens: [Token]) { self.tokens = tokens }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let findings = tokens.compactMap { token -> DiagnosticFinding? in
            guard let end = token.validUntil else { return nil }
            let days = end.timeIntervalSince(now) / 86_400
            let name = "The \(token.kind) '\(token.name)'"
            let renewal =
                token.kind == "sync token"
                ? "Run `livepatch-admin sync-tokens rotate \(token.name)`, or add another one, and give it to the downstream."
                : "Issue another one with `livepatch-admin auth-token`, and give it to new machines."
            if days <= 0 {
                // One that nobody used in its last week ended as it was meant to.
                guard let used = token.lastUsed, end.timeIntervalSince(used) < 7 * 86_400, days > -30 else { return nil }
                return DiagnosticFinding(
                    .tokens, .failure, "\(name) expired at \(Timestamp.text(end)), and was in use until then.", advice: renewal)
            }
            guard days < Self.warningDays else { return nil }
            return DiagnosticFinding(
                .tokens, days < Self.failureDays ? .failure : .warning,
                "\(name) expires within \(Int(days) + 1) days, at \(Timestamp.text(end)).", advice: renewal)
        }
        return findings.isEmpty ? [DiagnosticFinding(.tokens, .ok, "No token is about to expire.")] : findings
    }
}

/// The signed repositories and what is trusted of the upstream's.
public struct TrustCheck: DiagnosticCheck {
    public let status: TrustStatus

    public init(_ status: TrustStatus) { self.status = status }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let warnings = status.warnings.map { warning in
            DiagnosticFinding(
                .trust, warning.state >= .withinDay ? .failure : .warning, warning.message,
                advice: "See `livepatch-admin trust status`.")
        }
        return warnings.isEmpty ? [DiagnosticFinding(.trust, .ok, "No signature and no root is about to expire.")] : warnings
    }
}

/// Whether a server that syncs is up to date.
public struct SyncCheck: DiagnosticCheck {
    public let isEnabled: Bool
    /// How often it syncs.
    public let interval: Duration
    public let last: SyncReport?
    public let lastSuccess: Date?
    /// When the server started, so that a new one is given its time.
    public let started: Date

    public init(isEnabled: Bool, interval: Duration, last: SyncReport?, lastSuccess: Date?, started: Date) {
        self.isEnabled = isEnabled
        self.interval = interval
        self.last = last
        self.lastSuccess = lastSuccess
        self.started = started
    }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        guard isEnabled else { return [DiagnosticFinding(.sync, .ok, "The server does not sync: it is an origin.")] }
        let patience = max(3 * (interval / .seconds(1)), 600)
        let age = now.timeIntervalSince(lastSuccess ?? started)
        if age > patience {
            let since = lastSuccess.map { "since \(Timestamp.text($0))" } ?? "yet"
            let reason = last?.failures.first.map { " The last one: \($0.message)" } ?? ""
            return [
                DiagnosticFinding(
                    .sync, .failure, "No sync has succeeded \(since).\(reason)",
                    advice: "See `livepatch-admin sync status`, and run `livepatch-admin sync trigger --wait`.")
            ]
        }
        if let last, last.result == .failed || last.result == .partial {
            let reason = last.failures.first.map { ": \($0.message)" } ?? "."
            return [
                DiagnosticFinding(
                    .sync, .warning, "The last sync, at \(Timestamp.text(last.ended)), was \(last.result.rawValue)\(reason)",
                    advice: "It is tried again by itself; `livepatch-admin sync reports` has all of it.")
            ]
        }
        guard let lastSuccess else { return [DiagnosticFinding(.sync, .ok, "The server has just started, and will sync.")] }
        return [DiagnosticFinding(.sync, .ok, "The last sync succeeded at \(Timestamp.text(lastSuccess)).")]
    }
}

/// Downstreams that used to ask, and do not any more, or whose reports are out of date.
public struct DownstreamCheck: DiagnosticCheck {
    /// A downstream.
    public struct Downstream: Hashable, Sendable {
        /// How it is known: by its sync token's name, or its id.
        public let name: String
        /// When it was last heard of.
        public let lastHeard: Date
        /// How long it may be silent, in seconds.
        public let patience: TimeInterval

        public init(name: String, lastHeard: Date, patience: TimeInterval) {
            self.name = name
            self.lastHeard = lastHeard
            self.patience = patience
        }
    }

    public let downstreams: [Downstream]

    public init(_ downstreams: [Downstream]) { self.downstreams = downstreams }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let silent = downstreams.filter { now.timeIntervalSince($0.lastHeard) > $0.patience }
        guard !silent.isEmpty else {
            return [
                DiagnosticFinding(
                    .downstreams, .ok,
                    downstreams.isEmpty ? "There are no downstreams." : "All downstreams have been heard of lately.")
            ]
        }
        return silent.map {
            DiagnosticFinding(
                .downstreams, .warning, "The downstream \($0.name) has not been heard of since \(Timestamp.text($0.lastHeard)).",
                advice: "Run `livepatch-admin doctor` there; if it is gone for good, revoke its sync token.")
        }
    }
}

/// Webhooks that are not delivered.
public struct WebhookCheck: DiagnosticCheck {
    public let webhooks: [WebhookSummary]

    public init(_ webhooks: [WebhookSummary]) { self.webhooks = webhooks }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let findings = webhooks.compactMap { summary -> DiagnosticFinding? in
            let name = "The webhook \(summary.webhook.id)"
            if summary.webhook.disabled != nil {
                return DiagnosticFinding(
                    .webhooks, .failure, "\(name) is disabled: \(summary.webhook.disabledReason ?? "nobody noted why").",
                    advice: "Mend the receiver, then run `livepatch-admin webhooks enable \(summary.webhook.id)`.")
            }
            guard summary.failed > 0 else { return nil }
            return DiagnosticFinding(
                .webhooks, .warning, "\(name) has \(summary.failed) deliveries that were given up.",
                advice:
                    "See `livepatch-admin webhooks deliveries --state failed`, and `webhooks retry` when the receiver is well.")
        }
        if !findings.isEmpty { return findings }
        return [DiagnosticFinding(.webhooks, .ok, webhooks.isEmpty ? "There are no webhooks." : "All webhooks are delivered.")]
    }
}
