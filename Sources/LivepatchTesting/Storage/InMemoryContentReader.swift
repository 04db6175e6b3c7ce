public import LivepatchKit

/// Bytes in memory, read as stored content is.
public struct InMemoryContentReader: StoredContentReader {
    private let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    public var length: Int64 { Int64(bytes.count) }

    public func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < length, count > 0 else { return [] }
        let start = Int(offset)
        return Array(bytes[start..<min(bytes.count, start + min(count, bytes.count))])
    }

    public func close() {}
}
