import TUF

/// Signs what has changed, or comes near its end. All else stays as it was published, byte for byte.
///
/// Versions are the seconds since 1970, or one more than the last version if that is higher: whoever restores a backup goes on above
/// all that was published since, without a record of it.
struct RoleSigner: Sendable {
    let time: MetadataTime
    let lifetimes: MetadataLifetimes
    /// Whether all that is renewed by itself is signed anew, though nothing of it has changed.
    var signsAll = false

    /// The role's document.
    /// - Parameters:
    ///   - wanted: what it is to say; version and expiry do not count.
    ///   - present: the one that was published last.
    ///   - floor: the highest version that may have been published.
    func document<Body: RoleBody>(
        _ role: String, _ wanted: Body, instead present: RoleDocument<Body>?, above floor: Int, key: SigningKey,
        life: MetadataLifetime
    ) async throws -> RoleDocument<Body> {
        if let present, isGood(present, wanted, key, life) { return present }
        var body = wanted
        body.version = version(above: max(floor, present?.version ?? 0))
        body.expires = time.adding(seconds: life.seconds)
        var metadata = Metadata(body)
        try await metadata.sign(with: key)
        return RoleDocument(role, metadata)
    }

    func version(above floor: Int) -> Int { max(floor + 1, Int(time.secondsSince1970)) }

    private func isGood<Body: RoleBody>(
        _ present: RoleDocument<Body>, _ wanted: Body, _ key: SigningKey, _ life: MetadataLifetime
    ) -> Bool {
        if signsAll, life.renewal > 0 { return false }
        var wanted = wanted
        wanted.version = present.version
        wanted.expires = present.body.expires
        return present.body == wanted && time < life.due(present.body.expires) && !present.body.isExpired(at: time)
            && present.isSigned(by: key)
    }
}
