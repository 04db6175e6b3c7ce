public import LivepatchKit

extension InMemoryCatalog {
    public func add(_ file: PatchFile, entry: ChangeEntry) async throws -> Bool {
        try database.write { tables in
            let version = file.name.version
            if let known = tables.files[version]?[file.name] {
                guard known.file.digest == file.digest else { throw LivepatchError.contentDiffers(file, from: known.file) }
                if tables.setAvailable(true, file.name) { tables.increaseRevision() }
                return false
            }
            let known = tables.versions[version]
            let line =
                known
                ?? PatchVersionRecord(
                    version: version, source: .imported, arrived: entry.time, document: nil, files: [], released: entry.time)
            tables.versions[version] = line.adding(file.stored)
            tables.files[version, default: [:]][file.name] = PatchFileRecord(file: file.stored, available: true)
            if known == nil { tables.tiers.reach[version] = tables.tiers.tiers.first }
            if known?.source == .synced { tables.syncState.basis = nil }
            tables.documents[version] = nil
            tables.record(entry, change: entry.change)
            tables.increaseRevision()
            return true
        }
    }

    public func setAvailable(_ available: Bool, _ names: [PatchFileName]) async throws {
        try database.write { tables in
            var changed = false
            for name in names where tables.setAvailable(available, name) { changed = true }
            guard changed else { return }
            if !available { tables.syncState.basis = nil }
            tables.increaseRevision()
        }
    }

    public func removeFiles(_ names: [PatchFileName], entry: ChangeEntry) async throws {
        try database.write { tables in
            var touched: Set<PatchVersion> = []
            for name in names where tables.files[name.version]?.removeValue(forKey: name) != nil { touched.insert(name.version) }
            guard !touched.isEmpty else { return }
            for version in touched {
                guard let line = tables.versions[version] else { continue }
                if line.source == .synced { tables.syncState.basis = nil }
                let left = tables.files(of: version)
                if left.isEmpty {
                    _ = tables.removeVersion(version)
                } else {
                    tables.versions[version] = line.keeping(left)
                    if line.source == .imported { tables.documents[version] = nil }
                }
            }
            tables.record(entry, change: entry.change)
            tables.increaseRevision()
        }
    }
}
