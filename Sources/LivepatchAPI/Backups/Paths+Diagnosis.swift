public import LivepatchKit

extension Paths {
    /// `GET` has the server look at itself.
    public static let diagnosis = "/v1/admin/diagnosis"
}

/// `GET /v1/admin/diagnosis`
public typealias DiagnosisBody = ServerCondition
