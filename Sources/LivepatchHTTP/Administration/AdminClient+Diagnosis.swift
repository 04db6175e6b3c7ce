public import FoundationEssentials
public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/diagnosis`: has the server look at itself.
    public func diagnosis() async throws -> DiagnosisBody {
        let request = request(.GET, Paths.diagnosis)
        return try await value(DiagnosisBody.self, in: answer(request, patience: .fromStart(Self.workPatience)), to: request)
    }

    /// The server's time, to the second (RFC 9110, section 6.6.1); `nil` if it does not say it.
    public func serverTime() async throws -> Date? {
        let request = request(.GET, Paths.debugInformation)
        let answer = try await answer(request)
        let date = answer.field("date").flatMap(HTTPDate.date)
        await answer.body.finish()
        return date
    }

    /// The certificate that the server shows, whether or not it is to be believed; `nil` where there is no TLS, or no answer.
    public func certificate() async -> ServerCertificate? { await ServerCertificate(of: server.origin, timeouts: timeouts) }
}

/// A date as HTTP writes it.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter text: `Sun, 06 Nov 1994 08:49:37 GMT`; the obsolete forms are not read.
    static func date(_ text: String) -> Date? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
        return Timestamp.date("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    }
}
