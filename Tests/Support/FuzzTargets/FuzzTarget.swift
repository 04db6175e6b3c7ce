/// A reader of bytes that may come from anywhere, and what must hold of it whatever they are.
///
/// `make fuzz` looks for bytes for which it does not hold; the tests try those that it has found, and need no fuzzer.
public struct FuzzTarget: Sendable, CustomStringConvertible {
    /// Also that of its folder in `Fuzzing/Corpus`.
    public let name: String
    private let body: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.body = body
    }

    public static let all = [
        json, metadata, names, pathPattern, patchFileName, versions, kernelModule, tarball, documents, bodies, bundle, range,
        headers,
        lines,
        configuration,
    ]

    /// - Throws: whatever it throws is a finding, and so is the end of the process.
    public func check(_ bytes: [UInt8]) throws { try body(bytes) }

    public var description: String { name }
}
