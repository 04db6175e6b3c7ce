import HTTPTypes
import LivepatchKit

/// What a request for a patch file is answered with, decided from the file and the request's fields alone (RFC 9110, sections 13 and 14).
enum DownloadAnswer: Hashable, Sendable {
    /// The caller has it already.
    case unchanged
    case whole
    case part(Range<Int64>)
    /// The range begins beyond the end.
    case unsatisfiable

    /// The fields of a request that it depends on.
    struct Conditions: Hashable, Sendable {
        var isHead = false
        var range: String?
        var ifRange: String?
        var ifNoneMatch: String?
    }

    init(_ conditions: Conditions, of file: PatchFile) {
        guard conditions.range != nil || conditions.ifNoneMatch != nil else {
            self = .whole
            return
        }
        let tag = EntityTag(file.digest.description)
        guard !tag.isNamed(inIfNoneMatch: conditions.ifNoneMatch) else {
            self = .unchanged
            return
        }
        let range =
            !conditions.isHead && tag.admitsRange(ifRange: conditions.ifRange)
            ? RangeRequest(conditions.range, length: file.length) : .whole
        self =
            switch range {
            case .whole: .whole
            case .part(let part): .part(part)
            case .unsatisfiable: .unsatisfiable
            }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .unchanged: .notModified
        case .whole: .ok
        case .part: .partialContent
        case .unsatisfiable: .rangeNotSatisfiable
        }
    }

    /// The bytes of a file that are sent; `nil` if none are.
    func bytes(of file: PatchFile) -> Range<Int64>? {
        switch self {
        case .whole: 0..<file.length
        case .part(let part): part
        case .unchanged, .unsatisfiable: nil
        }
    }

    /// The answer's fields; not those of a problem.
    func fields(of file: PatchFile) -> HTTPFields {
        var fields: HTTPFields = [
            .eTag: EntityTag(file.digest.description).field, .acceptRanges: "bytes", .cacheControl: "private, no-cache",
            .contentDisposition: "attachment; filename=\"\(file.name)\"",
        ]
        guard let bytes = bytes(of: file) else { return fields }
        if case .part = self {
            fields[.contentRange] = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(file.length)"
        }
        fields[.contentType] = "application/x-bzip2"
        fields[.contentLength] = "\(bytes.count)"
        return fields
    }
}
