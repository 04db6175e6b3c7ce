import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore

/// The head of an answer that does not pass the ordinary handlers, as it goes over the connection (RFC 9112, sections 4 and 5).
enum HotHead {
    /// Its beginning: all of it but the date and the empty line.
    static func bytes(_ status: HTTPResponse.Status, _ fields: HTTPFields) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        for field in fields { bytes.writeField(field.name.rawName, field.value) }
        bytes.writeField(HeaderNames.serverVersion, Release.version)
        return bytes
    }
}

extension ByteBuffer {
    /// - Parameter value: of characters that may stand in a field: what `HTTPField` has taken, or this project's own.
    mutating func writeField(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}
