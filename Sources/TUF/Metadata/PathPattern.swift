/// A shell pattern for target paths (specification, section 4.5, PATHPATTERN; glob(7)).
///
/// `*` stands for any characters, `?` for one, `[abc]`, `[a-z]` and `[!a]` for one of a set, or outside it. None of them stands
/// for a `/`. A `[` without an end means itself.
public struct PathPattern: Sendable {
    private let segments: [[Element]]

    private enum Element: Sendable {
        case anything
        case anyOne
        case one(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], isInverted: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .anything, .anyOne: true
            case .one(let own): own == scalar
            case .set(let ranges, let isInverted): ranges.contains { $0.contains(scalar) } != isInverted
            }
        }
    }

    public init(_ pattern: String) {
        segments = Self.parts(of: pattern).map { Self.elements($0) }
    }

    /// Whether all of the path is of this form.
    public func matches(_ path: String) -> Bool {
        let parts = Self.parts(of: path)
        return parts.count == segments.count && zip(segments, parts).allSatisfy { Self.matches($0, $1) }
    }

    private static func parts(of path: String) -> [[Unicode.Scalar]] {
        path.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map { Array($0) }
    }

    private static func elements(_ scalars: [Unicode.Scalar]) -> [Element] {
        var elements: [Element] = []
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "*": elements.append(.anything)
            case "?": elements.append(.anyOne)
            case "[":
                if let (set, end) = set(scalars, from: index + 1) {
                    elements.append(set)
                    index = end
                } else {
                    elements.append(.one("["))
                }
            case let scalar: elements.append(.one(scalar))
            }
            index += 1
        }
        return elements
    }

    /// - Returns: the set and the place of its `]`.
    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (Element, Int)? {
        var index = start
        let isInverted = index < scalars.count && scalars[index] == "!"
        if isInverted { index += 1 }
        // A `]` at the beginning is a member.
        let first = index
        guard let end = scalars[min(first + 1, scalars.count)...].firstIndex(of: "]") else { return nil }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while index < end {
            if index + 2 < end, scalars[index + 1] == "-" {
                if scalars[index] <= scalars[index + 2] { ranges.append(scalars[index]...scalars[index + 2]) }
                index += 3
            } else {
                ranges.append(scalars[index]...scalars[index])
                index += 1
            }
        }
        return (.set(ranges, isInverted: isInverted), end)
    }

    /// Goes back to the last `*` only, so that no pattern takes longer than its length times the path's.
    private static func matches(_ elements: [Element], _ scalars: [Unicode.Scalar]) -> Bool {
        var element = 0
        var scalar = 0
        var retry: (element: Int, scalar: Int)?
        while scalar < scalars.count {
            if element < elements.count, case .anything = elements[element] {
                retry = (element, scalar)
                element += 1
            } else if element < elements.count, elements[element].matches(scalars[scalar]) {
                element += 1
                scalar += 1
            } else if let last = retry {
                retry = (last.element, last.scalar + 1)
                element = last.element + 1
                scalar = last.scalar + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { if case .anything = $0 { true } else { false } }
    }
}
