/// Says what a file is that is not compressed with bzip2.
enum CompressionSniffer {
    /// - Parameter head: the file's first 512 bytes, or all of it.
    /// - Returns: `nil` for bzip2, or the beginning of one; else the end of a sentence that begins with "it".
    static func complaint(_ head: [UInt8]) -> String? {
        guard !head.isEmpty else { return "it is empty" }
        if head.starts(with: magic.prefix(head.count)) {
            // The first block's mark or, for nothing at all, the end's.
            let rest = head.dropFirst(4).prefix(6)
            let level = head.dropFirst(3).first ?? UInt8(ascii: "9")
            let isLevel = (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(level)
            let (block, end): ([UInt8], [UInt8]) = ([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
            if isLevel, block.starts(with: rest) { return nil }
            if isLevel, end.starts(with: rest) { return "it unpacks to nothing" }
            return "it begins like bzip2 and goes on as something else"
        }
        for (bytes, name) in known where head.starts(with: bytes) { return "it is \(name), not compressed with bzip2" }
        if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) { return "it is a tar archive without compression" }
        if head.first == UInt8(ascii: "<") {
            return "it is a web page or XML, perhaps an error that was saved in place of the file"
        }
        if head.first == UInt8(ascii: "{") { return "it is JSON, perhaps an error that was saved in place of the file" }
        return "it is not compressed with bzip2"
    }

    private static let magic = Array("BZh".utf8)

    private static let known: [(bytes: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
        ([0x7F, 0x45, 0x4C, 0x46], "a bare ELF object"), (Array("!<arch>\n".utf8), "a Debian package or ar archive"),
        ([0x1F, 0x9D], "compress (.Z)"), ([0x5D, 0x00, 0x00], "lzma"),
    ]
}
