import FoundationEssentials
import LivepatchKit

/// What the sync's settings must have to do with each other and with the files that they name.
enum SyncChecks {
    /// The token, from its key or its file.
    static func token(_ reading: inout ConfigurationReading) -> ConcealedText? {
        let token = reading.value(SyncSettings.token)
        guard let path = reading.value(SyncSettings.tokenFile) else { return token }
        guard token == nil, !reading.isMalformed(SyncSettings.token) else {
            reading.refuse(
                .conflict, SyncSettings.tokenFile, "Both patch-sync.token and patch-sync.token-file are set.",
                suggestion: "Remove one of them.")
            return token
        }
        let shown = Redaction.escaped(path)
        do {
            let text = SettingText.trimmed(try ConfigurationFile.text(path))
            let token = try SyncSettings.parseToken(text)
            if ConfigurationFile.isReadableByEveryone(path) {
                reading.note("Every user of this machine can read the sync token in \(shown): chmod 0600 it.")
            }
            return token
        } catch let fault as ConfigurationFile.Fault {
            reading.refuse(.unreadable, SyncSettings.tokenFile, "The token file \(shown) \(fault.reason).")
        } catch let fault as SettingFault {
            reading.refuse(
                .malformedValue, SyncSettings.tokenFile, "The token file \(shown) holds something that \(fault.reason).")
        } catch {
            reading.refuse(.unreadable, SyncSettings.tokenFile, "The token file \(shown) cannot be read.")
        }
        return nil
    }

    static func proxy(_ reading: inout ConfigurationReading) -> SyncConfiguration.Proxy? {
        let isEnabled = reading.value(SyncSettings.proxyEnabled)
        let proxy = SyncConfiguration.Proxy(
            http: reading.value(SyncSettings.proxyHTTP), https: reading.value(SyncSettings.proxyHTTPS),
            exceptions: reading.value(SyncSettings.proxyNone))
        guard isEnabled else {
            if proxy.http != nil || proxy.https != nil {
                reading.note("A proxy is set, but patch-sync.proxy.enabled is false: it is not used.")
            }
            return nil
        }
        let isMalformed = reading.isMalformed(SyncSettings.proxyHTTP) || reading.isMalformed(SyncSettings.proxyHTTPS)
        if proxy.http == nil, proxy.https == nil, !isMalformed {
            reading.refuse(
                .missingValue, SyncSettings.proxyEnabled, "patch-sync.proxy.enabled is true, but there is no proxy.",
                suggestion: "Set patch-sync.proxy.https or patch-sync.proxy.http.")
        }
        return proxy
    }

    static func certificateAuthority(_ reading: inout ConfigurationReading) -> String? {
        guard let path = reading.value(SyncSettings.certificateAuthority) else { return nil }
        PEMCheck.certificates(path, SyncSettings.certificateAuthority, &reading)
        return path
    }

    static func upstream(_ sync: SyncConfiguration, _ reading: inout ConfigurationReading) {
        if Set(sync.upstreams).count < sync.upstreams.count {
            reading.refuse(.conflict, SyncSettings.upstreamURL, "patch-sync.upstream-url names the same server twice.")
        }
        guard sync.isEnabled else {
            if sync.mirrorsTiers {
                reading.note(
                    "patch-sync.sync-tiers is true, but patch-sync.enabled is not: tiers are mirrored only from bundles (`livepatch-sync bundle apply`)."
                )
            }
            return
        }
        if sync.upstreams.isEmpty, !reading.isMalformed(SyncSettings.upstreamURL) {
            reading.refuse(
                .missingValue, SyncSettings.upstreamURL, "A sync needs patch-sync.upstream-url.",
                suggestion: "Set it to the URL of the server to pull patches from.")
        }
        if sync.token == nil, !reading.isMalformed(SyncSettings.token), !reading.isSet(SyncSettings.tokenFile) {
            reading.refuse(
                .missingValue, SyncSettings.token, "A sync needs patch-sync.token or patch-sync.token-file.",
                suggestion: "The upstream's administrator issues a token with 'livepatch-admin sync-tokens add TIER NAME'.")
        }
        for url in sync.upstreams where ClearText.isUsed(by: url.absoluteString) {
            reading.note("The sync token travels to \(url.absoluteString) unencrypted: prefer https.")
        }
    }
}
