import LivepatchTLS

/// What has to fit together where connections are encrypted.
enum EncryptionChecks {
    /// How the server encrypts its connections; `nil` for a server that encrypts nothing.
    static func settings(_ reading: inout ConfigurationReading) -> TLSSettings? {
        let files = keyFiles(EncryptionSettings.certificate, EncryptionSettings.key, &reading)
        let minimumVersion = reading.value(EncryptionSettings.minimumVersion)
        let authorities = reading.value(EncryptionSettings.clientAuthority)
        let wanted = reading.value(EncryptionSettings.clientCertificates)
        checkClients(authorities, wanted, isEncrypted: files.certificate != nil || files.key != nil, &reading)
        guard let certificate = files.certificate, let key = files.key else { return nil }
        return TLSSettings(
            certificate: certificate, key: key, minimumVersion: minimumVersion, clientAuthorities: authorities,
            clientCertificates: wanted)
    }

    /// The paths of a certificate and of its private key, which are nothing without each other.
    static func keyFiles(
        _ certificate: Setting<String?>, _ key: Setting<String?>, _ reading: inout ConfigurationReading
    ) -> (certificate: String?, key: String?) {
        let files = (certificate: reading.value(certificate), key: reading.value(key))
        func refuse(_ present: Setting<String?>, without missing: Setting<String?>, _ file: String) {
            reading.refuse(
                .missingValue, present, "\(present.key.name) is set, and \(missing.key.name) is not.",
                suggestion: "Set \(missing.key.name) to the file of its \(file).")
        }
        if files.certificate != nil, files.key == nil { refuse(certificate, without: key, "private key") }
        if files.certificate == nil, files.key != nil { refuse(key, without: certificate, "certificate") }
        if let path = files.key, ConfigurationFile.isReadableByEveryone(path) {
            reading.note("Every user of this machine can read the private key in \(Redaction.escaped(path)): chmod 0600 it.")
        }
        return files
    }

    private static func checkClients(
        _ authorities: String?, _ wanted: TLSSettings.ClientCertificates, isEncrypted: Bool,
        _ reading: inout ConfigurationReading
    ) {
        guard wanted != .none else {
            if authorities != nil {
                reading.note("server.tls.client-ca is set, but server.tls.client-certificates is none: nobody is asked for one.")
            }
            return
        }
        if authorities == nil {
            reading.refuse(
                .missingValue, EncryptionSettings.clientCertificates,
                "server.tls.client-certificates is \(wanted.rawValue), but no authority is named.",
                suggestion: "Set server.tls.client-ca to the certificates of the authorities that are accepted.")
        }
        if !isEncrypted {
            reading.refuse(
                .missingValue, EncryptionSettings.clientCertificates,
                "server.tls.client-certificates is \(wanted.rawValue), but the server does not speak TLS.",
                suggestion: "Set server.tls.certificate and server.tls.key.")
        }
    }
}
