public import LivepatchKit

extension SQLiteCatalog {
    public func add(_ file: PatchFile, entry: ChangeEntry) async throws -> Bool {
        try await database.write { db in
            let files = FileRows(db)
            let versions = VersionRows(db)
            let version = file.name.version
            if let known = try files.file(file.name) {
                guard known.file.digest == file.digest else { throw LivepatchError.contentDiffers(file, from: known.file) }
                if let difference = try files.setAvailable(true, file.name) {
                    try versions.add(difference, version)
                    if difference.available != 0 { try CatalogueRow(db).increaseRevision() }
                }
                return false
            }
            let known = try versions.version(version)
            let line =
                known
                ?? PatchVersionRecord(
                    version: version, source: .imported, arrived: entry.time, document: nil, files: [], released: entry.time)
            try versions.write(line.adding(file.stored))
            try files.write([PatchFileRecord(file: file, available: true)], of: version)
            if known == nil { try TierRows(db).setReach(version, try TierRows(db).tiers().first) }
            if known?.source == .synced { try CatalogueRow(db).forgetSyncBasis() }
            try DocumentRows(db).removeDocument(of: version)
            try HistoryRows(db).add(entry, change: entry.change)
            try CatalogueRow(db).increaseRevision()
            return true
        }
    }

    public func setAvailable(_ available: Bool, _ names: [PatchFileName]) async throws {
        try await database.write { db in
            var changed: [PatchVersion: AvailabilityDifference] = [:]
            for name in names {
                guard let difference = try FileRows(db).setAvailable(available, name) else { continue }
                changed[name.version, default: .init()] += difference
            }
            for (version, difference) in changed { try VersionRows(db).add(difference, version) }
            guard changed.values.contains(where: { $0.available != 0 }) else { return }
            if !available { try CatalogueRow(db).forgetSyncBasis() }
            try CatalogueRow(db).increaseRevision()
        }
    }

    public func removeFiles(_ names: [PatchFileName], entry: ChangeEntry) async throws {
        try await database.write { db in
            let files = FileRows(db)
            let versions = VersionRows(db)
            var touched: Set<PatchVersion> = []
            for name in names where try files.remove(name) { touched.insert(name.version) }
            guard !touched.isEmpty else { return }
            for version in touched {
                guard let line = try versions.version(version) else { continue }
                if line.source == .synced { try CatalogueRow(db).forgetSyncBasis() }
                let left = try files.of(version)
                if left.isEmpty {
                    _ = try versions.remove(version)
                } else {
                    try versions.write(line.keeping(left))
                    if line.source == .imported { try DocumentRows(db).removeDocument(of: version) }
                }
            }
            try HistoryRows(db).add(entry, change: entry.change)
            try CatalogueRow(db).increaseRevision()
        }
    }
}
