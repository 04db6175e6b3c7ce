/// Whether files that settings name hold certificates.
enum PEMCheck {
    static func certificates<Value>(_ path: String, _ setting: Setting<Value>, _ reading: inout ConfigurationReading) {
        let shown = Redaction.escaped(path)
        do {
            if try !ConfigurationFile.text(path).contains("-----BEGIN CERTIFICATE-----") {
                reading.refuse(.malformedValue, setting, "\(shown) holds no certificate in PEM form.")
            }
        } catch {
            reading.refuse(.unreadable, setting, "The certificate file \(shown) \(error.reason).")
        }
    }
}
