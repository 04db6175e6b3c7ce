import NIOSSL

/// A certificate for localhost from an authority that nobody trusts, made for these tests; valid for a hundred years.
enum TestCertificate {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUOgAwIBAgIUXkgz7+eWP7Ao1tOa46IGG2UY9EEwCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYTGl2ZXBhdGNoIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMjE4
        NTc0NVoYDzIxMjYxMDI5MTg1NzQ1WjAjMSEwHwYDVQQDDBhMaXZlcGF0Y2ggdGVz
        dCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR81sawnZdMEqvE
        MX2fveZXQR65eTdPIOUqXEi6Jsj0+OmRQs6XTcj2JqSopCzrQHvSchFX3e9J9YoE
        EoqRYOJQo1MwUTAdBgNVHQ4EFgQUrKKDS7XHPBlNSkwtV8xgQ8KyoG4wHwYDVR0j
        BBgwFoAUrKKDS7XHPBlNSkwtV8xgQ8KyoG4wDwYDVR0TAQH/BAUwAwEB/zAKBggq
        hkjOPQQDAgNHADBEAiAF85+e8gFALEuGEAiBmYxBUgK0osAPe3AuF5+TjnT97AIg
        beUmweecJdHQ2y45JKi3S0XWg1L4y4KTRhJrYIynH9U=
        -----END CERTIFICATE-----
        """

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnjCCAUSgAwIBAgIUHTqfnGLU+JybZeWlr+HBZ4BHxl0wCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYTGl2ZXBhdGNoIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMjE4
        NTc0NVoYDzIxMjYxMDI5MTg1NzQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTAT
        BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQPoE44tra+lbvAkJZgjyhwkFs74vWFDgWM
        N+Jj6HGYgIPxRULnxgclNDvnh2DWqSM9yCe9tDxZKyL6D+NibDWzo2MwYTAUBgNV
        HREEDTALgglsb2NhbGhvc3QwCQYDVR0TBAIwADAdBgNVHQ4EFgQU79od2DTaWiza
        CKu5I+/PsJsGeLAwHwYDVR0jBBgwFoAUrKKDS7XHPBlNSkwtV8xgQ8KyoG4wCgYI
        KoZIzj0EAwIDSAAwRQIhAM2lUEGxGuF1ldVTNpj/K4i3fqGFTJCzS7R7UTiRyJVx
        AiAenrc12LhBBrki3WUH7UxSQTPujvbtwE6izWKgiS+2UQ==
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgF97OwkNJyIqJeaFA
        JtyEKCQWfmENbLDaJaMXCy3PhcChRANCAAQPoE44tra+lbvAkJZgjyhwkFs74vWF
        DgWMN+Jj6HGYgIPxRULnxgclNDvnh2DWqSM9yCe9tDxZKyL6D+NibDWz
        -----END PRIVATE KEY-----
        """

    /// The server's side of TLS.
    static func server() throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        return .makeServerConfiguration(certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    }
}
