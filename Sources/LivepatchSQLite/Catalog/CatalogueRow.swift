import FoundationEssentials
import GRDB
import LivepatchKit

/// The one row that says what the catalogue is as a whole.
struct CatalogueRow {
    let db: Database

    init(_ db: Database) { self.db = db }

    static let revisionQuery = "SELECT revision FROM catalogue"

    func revision() throws -> CatalogRevision {
        let statement = try db.cachedStatement(sql: Self.revisionQuery)
        guard let value = try Int64.fetchOne(statement) else {
            throw SQLiteFault.damagedRow("the catalogue's revision is missing")
        }
        return CatalogRevision(rawValue: value)
    }

    /// To be called by every transaction that changes what anybody could see.
    func increaseRevision() throws {
        try db.cachedStatement(sql: "UPDATE catalogue SET revision = revision + 1").execute()
    }

    /// - Throws: ``LivepatchError`` with the code `catalogue-changed` unless the catalogue has that revision.
    func expect(_ revision: CatalogRevision) throws {
        guard try self.revision() == revision else { throw LivepatchError.catalogueChanged() }
    }

    func deployment() throws -> DeploymentID? {
        try String.fetchOne(db, sql: "SELECT deployment FROM catalogue").map { try Column.value(DeploymentID.self, $0) }
    }

    /// This server's id; generated and kept if there is none.
    func deploymentOrNew() throws -> DeploymentID {
        if let known = try deployment() { return known }
        let new = try DeploymentID(parsing: UUID().uuidString.lowercased())
        try setDeployment(new)
        return new
    }

    func setDeployment(_ id: DeploymentID) throws {
        try db.execute(sql: "UPDATE catalogue SET deployment = ?", arguments: [id.rawValue])
    }

    func syncState() throws -> SyncState {
        let json = try String.fetchOne(db, sql: "SELECT sync_state FROM catalogue") ?? ""
        return json.isEmpty ? SyncState() : try Column.value(SyncState.self, json: json)
    }

    func setSyncState(_ state: SyncState) throws {
        try db.execute(sql: "UPDATE catalogue SET sync_state = ?", arguments: [try Column.json(state)])
    }

    /// Makes the next sync look.
    func forgetSyncBasis() throws {
        var state = try syncState()
        guard state.basis != nil else { return }
        state.basis = nil
        try setSyncState(state)
    }
}
