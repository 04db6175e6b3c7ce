import FoundationEssentials

/// Makes events of what the history and the sync reports say. Pure: the same records make the same events.
struct WebhookDerivation {
    let deployment: DeploymentID
    /// Makes an id for a message.
    let newID: () -> String

    // MARK: The history

    /// - Parameter records: in order, oldest first.
    func news(of records: [ChangeRecord]) throws -> [WebhookNews] {
        var news: [WebhookNews] = []
        var imports: [(name: PatchFileName, record: ChangeRecord)] = []
        func flush() throws {
            if let imported = try importedPatch(imports) { news.append(imported) }
            imports = []
        }
        for record in records {
            if let name = Self.importedFile(record) {
                // A folder of patch files is one event for each version, not one for each file.
                if let last = imports.last, last.name.version != name.version || last.record.actor != record.actor { try flush() }
                imports.append((name, record))
            } else {
                try flush()
                if let change = record.change { news += try self.news(of: change, record) }
            }
        }
        try flush()
        return news
    }

    private static func importedFile(_ record: ChangeRecord) -> PatchFileName? {
        guard record.action.hasPrefix("patch import ") else { return nil }
        return try? PatchFileName(parsing: String(record.action.dropFirst("patch import ".count)))
    }

    private func importedPatch(_ imports: [(name: PatchFileName, record: ChangeRecord)]) throws -> WebhookNews? {
        guard let last = imports.last else { return nil }
        let data = ImportedPatch(
            version: last.name.version, files: imports.prefix(WebhookLimit.list).map(\.name), count: imports.count,
            actor: last.record.actor, change: last.record.id)
        return try made(.patchImported, last.record, data)
    }

    private func news(of change: TierChange, _ record: ChangeRecord) throws -> [WebhookNews] {
        var news: [WebhookNews] = []
        if let tiers = change.tiers {
            news.append(
                try made(
                    .tierChanged, record,
                    ChangedTiers(
                        before: tiers.before, after: tiers.after, actor: record.actor, action: record.action, change: record.id)))
        }
        let moves = change.renaming == nil ? change.reach : []
        let gains = moves.filter { Self.gains($0, in: change) }
        let losses = moves.filter { Self.loses($0, in: change) }
        for (type, moved) in [(WebhookEventType.patchPromoted, gains), (.patchWithdrawn, losses)] where !moved.isEmpty {
            let patches = moved.prefix(WebhookLimit.list).map {
                MovedPatches.Move(version: $0.version, before: $0.before, after: $0.after)
            }
            news.append(
                try made(
                    type, record,
                    MovedPatches(
                        patches: patches, count: moved.count, actor: record.actor, action: record.action, reason: record.reason,
                        change: record.id)))
        }
        for (type, blocks) in [(WebhookEventType.patchBlocked, change.blocked), (.patchUnblocked, change.unblocked)]
        where !blocks.isEmpty {
            let patches = blocks.prefix(WebhookLimit.list).map {
                BlockedPatches.Item(version: $0.version, reason: $0.reason, deployment: $0.deployment)
            }
            news.append(
                try made(
                    type, record,
                    BlockedPatches(
                        patches: patches, count: blocks.count, actor: record.actor, action: record.action, change: record.id)))
        }
        return news
    }

    /// The tiers that hold a version which reaches a tier.
    private static func tiers(upTo last: TierName?, in tiers: [TierName]) -> Set<TierName> {
        last.flatMap(tiers.firstIndex).map { Set(tiers[...$0]) } ?? []
    }

    private static func held(_ move: TierChange.ReachChange, in change: TierChange) -> (
        before: Set<TierName>, after: Set<TierName>
    ) {
        let before = change.tiers?.before ?? change.order
        let after = change.tiers?.after ?? change.order
        guard let before, let after else {
            // Recorded by an earlier release, without the order of tiers.
            return (Set([move.before].compactMap { $0 }), Set([move.after].compactMap { $0 }))
        }
        return (tiers(upTo: move.before, in: before), tiers(upTo: move.after, in: after))
    }

    private static func gains(_ move: TierChange.ReachChange, in change: TierChange) -> Bool {
        let (before, after) = held(move, in: change)
        return !after.subtracting(before).isEmpty
    }

    private static func loses(_ move: TierChange.ReachChange, in change: TierChange) -> Bool {
        let (before, after) = held(move, in: change)
        return !before.subtracting(after).isEmpty
    }

    private func made(_ type: WebhookEventType, _ record: ChangeRecord, _ data: some Encodable) throws -> WebhookNews {
        WebhookNews(
            try WebhookEvent(id: newID(), type, at: record.time, of: deployment, data), origin: .change(record.id))
    }

    // MARK: Sync reports

    /// - Parameters:
    ///   - reports: in order, oldest first.
    ///   - isFailing: whether the sync before them failed; whether the last of them did, afterwards.
    func news(of reports: [SyncReport], isFailing: inout Bool) throws -> [WebhookNews] {
        var news: [WebhookNews] = []
        for report in reports {
            let fails = report.result == .failed || report.result == .partial
            if fails || report.result == .complete || isFailing {
                news.append(
                    WebhookNews(
                        try WebhookEvent(
                            id: newID(), fails ? .syncFailed : .syncCompleted, at: report.ended, of: deployment,
                            EndedSync(report)),
                        origin: .report(report.id)))
            }
            isFailing = fails
        }
        return news
    }
}
