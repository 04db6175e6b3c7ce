/// What webhooks are told of.
public enum WebhookEventType: String, Sendable, Codable, CaseIterable {
    /// Files of a patch version were imported here.
    case patchImported = "patch.imported"
    /// Patch versions reach further tiers than before, whoever decided that.
    case patchPromoted = "patch.promoted"
    /// Patch versions leave tiers.
    case patchWithdrawn = "patch.withdrawn"
    case patchBlocked = "patch.blocked"
    case patchUnblocked = "patch.unblocked"
    /// The list of tiers is another one.
    case tierChanged = "tier.changed"
    /// A sync changed the catalogue, or was the first to succeed after one that failed.
    case syncCompleted = "sync.completed"
    /// A sync failed, or did not get everything.
    case syncFailed = "sync.failed"
    /// More machines than usual failed to apply a patch version.
    case healthDegraded = "health.degraded"
    /// They no longer do.
    case healthRecovered = "health.recovered"
    /// A token is about to expire.
    case tokenExpiring = "token.expiring"
    /// An administrator tries a webhook out. Nobody subscribes to it.
    case test = "webhook.test"

    /// What webhooks can subscribe to.
    public static let subscribable = allCases.filter { $0 != .test }

    /// What stands before the full stop: `patch`.
    var group: Substring { rawValue.prefix { $0 != "." } }
}

/// The events that a webhook wants: types, `*` for all, or `patch.*` for all of a group. A pattern with an asterisk stands for types,
/// too, that later releases add.
public struct WebhookSubscription: Hashable, Sendable {
    /// In order, none twice.
    public let patterns: [String]

    /// - Throws: ``LivepatchError`` with the code `malformed-value` if there are none, or one that fits no event.
    public init(_ patterns: some Sequence<String>) throws {
        let sorted = Set(patterns).sorted()
        guard !sorted.isEmpty else { throw Self.refusal("A webhook needs at least one event.") }
        for pattern in sorted where !WebhookEventType.subscribable.contains(where: { Self.pattern(pattern, fits: $0) }) {
            throw Self.refusal("There is no event '\(pattern.prefix(64))'.")
        }
        self.patterns = sorted
    }

    public func includes(_ type: WebhookEventType) -> Bool {
        type != .test && patterns.contains { Self.pattern($0, fits: type) }
    }

    private static func pattern(_ pattern: String, fits type: WebhookEventType) -> Bool {
        pattern == "*" || pattern == type.rawValue || pattern == "\(type.group).*"
    }

    private static func refusal(_ message: String) -> LivepatchError {
        LivepatchError(
            .malformedValue, message,
            suggestion:
                "Events are \(WebhookEventType.subscribable.map(\.rawValue).joined(separator: ", ")); * is all of them, and patch.* all of that group."
        )
    }
}

extension WebhookSubscription: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(container.decode([String].self))
        } catch let error as LivepatchError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(patterns)
    }
}
