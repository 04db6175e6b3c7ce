import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

/// A request that ``HotAnswers`` may be able to answer: for a patch file or a document of a view, or a machine's check-in, with a bearer
/// token, and with nothing about it that takes more than a look.
struct HotRequest: Sendable {
    /// What it is about.
    enum Subject: Hashable, Sendable {
        case download
        case document(DocumentRequest)
        case checkIn(MachineID)
    }

    /// The longest body that is looked at, in bytes; a machine's report is much shorter.
    static let longestBody = 8 << 10

    /// The target as it was sent.
    let path: String
    let method: HTTPRequest.Method
    let authorization: String
    /// Who the caller says it is.
    let deployment: String?
    let subject: Subject
    /// What it says besides.
    let conditions: DownloadAnswer.Conditions
    /// How long the body is, in bytes.
    let length: Int
    /// What has come of the body.
    private(set) var body = ByteBuffer()
    let arrival = ContinuousClock.now

    private static let deploymentField = HeaderNames.deployment.lowercased()
    private static let repeatField = HeaderNames.idempotencyKey.lowercased()

    /// `nil` for every other request, and for whatever is unusual about one: a field that is there twice, an end of the connection, a
    /// body where there should be none, or one whose length is not announced.
    init?(_ head: HTTPRequestHead) {
        guard head.version == .http1_1 else { return nil }
        guard let subject = Subject(head.method, head.uri) else { return nil }
        var conditions = DownloadAnswer.Conditions(isHead: head.method == .HEAD)
        var authorization: String?
        var deployment: String?
        var length = 0
        /// Keeps a field that may be there once.
        func keep(_ value: String, _ field: inout String?) -> Bool {
            defer { field = value }
            return field == nil
        }
        for (name, value) in head.headers {
            let isUsual =
                switch name.utf8.count {
                case 2 where Self.isName(name, "te"): false
                case 5 where Self.isName(name, "range"): keep(value, &conditions.range)
                case 6 where Self.isName(name, "expect"): false
                case 7 where Self.isName(name, "upgrade"): false
                case 8 where Self.isName(name, "if-range"): keep(value, &conditions.ifRange)
                case 10 where Self.isName(name, "connection"): Self.isName(value, "keep-alive")
                case 13 where Self.isName(name, "authorization"): keep(value, &authorization)
                case 13 where Self.isName(name, "if-none-match"): keep(value, &conditions.ifNoneMatch)
                case 14 where Self.isName(name, "content-length"): Self.keep(value, &length)
                case 16 where Self.isName(name, "content-encoding"): false
                case 17 where Self.isName(name, "transfer-encoding"): false
                case Self.repeatField.utf8.count where Self.isName(name, Self.repeatField): false
                case Self.deploymentField.utf8.count where Self.isName(name, Self.deploymentField): keep(value, &deployment)
                default: true
                }
            guard isUsual else { return nil }
        }
        guard let authorization else { return nil }
        path = head.uri
        self.authorization = authorization
        self.deployment = deployment
        self.length = length
        self.conditions = conditions
        self.subject = subject
        switch subject {
        case .checkIn: method = .post
        case .document, .download:
            guard length == 0 else { return nil }
            method = conditions.isHead ? .head : .get
        }
    }

    /// A request that differs from another one in nothing but its target; `nil` if that makes it another kind of request, or it is no `GET`.
    init?(_ target: String, like other: HotRequest) {
        guard other.method == .get, let subject = Subject(.GET, target) else { return nil }
        path = target
        method = .get
        authorization = other.authorization
        deployment = other.deployment
        self.subject = subject
        conditions = other.conditions
        length = 0
    }

    /// Takes in a part of the body.
    /// - Returns: `false` if it is longer than was announced.
    mutating func take(_ part: ByteBuffer) -> Bool {
        var part = part
        if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
        return body.readableBytes <= length
    }

    /// Keeps a length that may be there once.
    private static func keep(_ value: String, _ length: inout Int) -> Bool {
        defer { length = Int(value) ?? 0 }
        return length == 0 && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (Int(value).map { $0 <= longestBody } ?? false)
    }

    /// Compares without regard to the case of letters.
    /// - Parameter name: in small letters.
    private static func isName(_ text: String, _ name: String) -> Bool {
        guard text.utf8.count == name.utf8.count else { return false }
        let isSame = text.utf8.withContiguousStorageIfAvailable { bytes in
            name.utf8.withContiguousStorageIfAvailable { letters in bytes.indices.allSatisfy { bytes[$0] | 0x20 == letters[$0] } }
        }
        return (isSame ?? nil) ?? zip(text.utf8, name.utf8).allSatisfy { $0 | 0x20 == $1 }
    }
}

extension HotRequest.Subject {
    private static let downloads = [Paths.patchFileTemplate, Paths.targetTemplate].map { String($0.prefix { $0 != "{" }) }
    private static let updates = Paths.machineUpdatesTemplate.split(separator: "{machine-id}").map(String.init)

    /// What a request is about, by its method and target alone; `nil` for everything else.
    fileprivate init?(_ method: HTTPMethod, _ target: String) {
        switch method {
        case .GET, .HEAD:
            if Self.downloads.contains(where: target.hasPrefix) {
                guard !target.holds("?") else { return nil }
                self = .download
            } else {
                guard method == .GET, let asked = DocumentRequest(target: target) else { return nil }
                self = .document(asked)
            }
        case .POST:
            guard let machine = Self.machine(in: target) else { return nil }
            self = .checkIn(machine)
        default: return nil
        }
    }

    /// The machine whose check-in is at that path.
    private static func machine(in path: String) -> MachineID? {
        guard updates.count == 2, path.hasPrefix(updates[0]), path.hasSuffix(updates[1]),
            path.utf8.count > updates[0].utf8.count + updates[1].utf8.count
        else { return nil }
        // What is encoded is decoded elsewhere.
        guard !path.holds("%") else { return nil }
        let id = path.utf8.dropFirst(updates[0].utf8.count).dropLast(updates[1].utf8.count)
        return try? MachineID(parsing: String(Substring(id)))
    }
}

extension String {
    /// Whether an ASCII character is in it.
    fileprivate func holds(_ character: Unicode.Scalar) -> Bool {
        let byte = UInt8(ascii: character)
        return utf8.withContiguousStorageIfAvailable { $0.contains(byte) } ?? utf8.contains(byte)
    }
}
