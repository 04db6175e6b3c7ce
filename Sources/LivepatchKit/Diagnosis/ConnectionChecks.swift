public import FoundationEssentials

/// Whether credentials travel where others can read them.
public struct ClearTextCheck: DiagnosticCheck {
    public let url: String
    public let isUsed: Bool

    /// - Parameter isUsed: whether the URL is plain http to another machine.
    public init(url: String, isUsed: Bool) {
        self.url = url
        self.isUsed = isUsed
    }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        guard isUsed else { return [DiagnosticFinding(.clearText, .ok, "Nothing secret travels in the clear.")] }
        return [
            DiagnosticFinding(
                .clearText, .warning, "Your session, and the password at login, travel to \(url) in the clear.",
                advice: "Use an https URL: let the server, or a proxy before it, speak TLS.")
        ]
    }
}

/// Whether the server's clock and this machine's agree. Signatures, tokens and sessions are judged by the time.
public struct ClockCheck: DiagnosticCheck {
    static let warningSeconds: TimeInterval = 5
    static let failureSeconds: TimeInterval = 60

    public let server: Date
    public let asked: Date
    public let answered: Date

    /// - Parameters:
    ///   - server: what the server says that the time is, to the second.
    ///   - asked: when it was asked, by this machine's clock.
    ///   - answered: when the answer had come.
    public init(server: Date, asked: Date, answered: Date) {
        self.server = server
        self.asked = asked
        self.answered = answered
    }

    /// How far the server is ahead, in seconds; what the way and the cut to seconds explain does not count.
    var difference: TimeInterval {
        if server > answered { return server.timeIntervalSince(answered) }
        let latest = server.addingTimeInterval(1)
        return latest < asked ? latest.timeIntervalSince(asked) : 0
    }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let difference = difference
        let words = "\(Int(abs(difference).rounded())) seconds \(difference > 0 ? "ahead of" : "behind") this machine's"
        guard abs(difference) > Self.warningSeconds else {
            return [DiagnosticFinding(.clock, .ok, "The server's clock agrees with this machine's.")]
        }
        return [
            DiagnosticFinding(
                .clock, abs(difference) > Self.failureSeconds ? .failure : .warning, "The server's clock is \(words).",
                advice: "Let both follow a time server (timedatectl): tokens and signatures are judged by the time.")
        ]
    }
}

/// A TLS certificate as the server shows it.
public struct CertificateCheck: DiagnosticCheck {
    static let failureDays: Double = 3
    static let warningDays: Double = 30

    public let expires: Date
    public let names: [String]
    /// Why a client does not believe it; `nil` if it does.
    public let refusal: String?

    public init(expires: Date, names: [String], refusal: String? = nil) {
        self.expires = expires
        self.names = names
        self.refusal = refusal
    }

    public func findings(at now: Date) -> [DiagnosticFinding] {
        let days = expires.timeIntervalSince(now) / 86_400
        let renewal = "Renew the certificate, and let the server or the proxy before it take it up."
        if days <= 0 {
            return [
                DiagnosticFinding(
                    .certificate, .failure, "The certificate expired at \(Timestamp.text(expires)).", advice: renewal)
            ]
        }
        if let refusal {
            let known = names.isEmpty ? "no name" : names.prefix(5).joined(separator: ", ")
            return [
                DiagnosticFinding(
                    .certificate, .failure, "The certificate, which is for \(known), is not believed: \(refusal).",
                    advice: "Use a URL with a name that the certificate has, and name a private authority with --ca.")
            ]
        }
        guard days < Self.warningDays else {
            return [DiagnosticFinding(.certificate, .ok, "The certificate is good until \(Timestamp.text(expires)).")]
        }
        return [
            DiagnosticFinding(
                .certificate, days < Self.failureDays ? .failure : .warning,
                "The certificate expires within \(Int(days) + 1) days, at \(Timestamp.text(expires)).", advice: renewal)
        ]
    }
}
