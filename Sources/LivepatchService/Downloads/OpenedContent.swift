import Hummingbird
import LivepatchKit
import NIOCore

/// Content on its way out. Closes the reader when nobody needs it any more, whether or not the answer was ever sent.
final class OpenedContent: DownloadContent {
    /// In bytes.
    static let chunkSize = 256 << 10

    private let reader: any StoredContentReader

    init(_ reader: any StoredContentReader) { self.reader = reader }

    deinit { reader.close() }

    /// The bytes of a range, a chunk at a time: the next is read when the last has been taken.
    func body(of range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let start = offset
                let count = min(Self.chunkSize, Int(range.upperBound - start))
                let chunk = try await BlockingWork.run { try self.reader.read(at: start, count: count) }
                guard chunk.count == count else {
                    // The answer's length has been announced: all that is left is to break it off.
                    throw LivepatchError(
                        .storageDamaged, "Stored content ends at byte \(start + Int64(chunk.count)), before its length.")
                }
                try await writer.write(ByteBuffer(bytes: chunk))
                offset += Int64(count)
            }
            try await writer.finish(nil)
        }
    }
}

extension CachedContent: DownloadContent {
    /// The bytes of a range. They are not copied; the answer keeps them in memory until it has been sent or given up.
    func body(of range: Range<Int64>) -> ResponseBody {
        let range = Int(range.lowerBound)..<Int(range.upperBound)
        guard range.count > OpenedContent.chunkSize else { return ResponseBody(byteBuffer: slice(range)) }
        return ResponseBody(contentLength: range.count) { writer in
            var rest = range
            while !rest.isEmpty {
                let chunk = rest.prefix(OpenedContent.chunkSize)
                try await writer.write(self.slice(chunk))
                rest = chunk.upperBound..<rest.upperBound
            }
            try await writer.finish(nil)
        }
    }
}
