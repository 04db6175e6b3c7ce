import FoundationEssentials
import Yams

/// What a YAML file sets, its keys nested, dotted or both.
struct FileSettings {
    let path: String
    private(set) var layer = ConfigurationLayer()
    /// The lines on which keys were set.
    private var lines: [String: Int] = [:]
    private var visited = 0

    /// More than anybody writes; aliases of aliases can stand for billions.
    private static let maximumNodes = 500
    private static let maximumDepth = 16

    static func layer(path: String) -> ConfigurationLayer {
        do {
            return layer(path: path, text: try ConfigurationFile.text(path))
        } catch {
            var settings = FileSettings(path: path)
            settings.refuse("It \(error.reason).", line: nil)
            return settings.layer
        }
    }

    static func layer(path: String, text: String) -> ConfigurationLayer {
        var settings = FileSettings(path: path)
        do {
            guard let root = try Yams.compose(yaml: text) else { return settings.layer }
            settings.read(root, below: [])
        } catch {
            let (reason, line) = Self.explain(error)
            settings.refuse("It is not YAML: \(reason).", line: line)
        }
        return settings.layer
    }

    private init(path: String) { self.path = path }

    private mutating func refuse(_ message: String, line: Int?) {
        layer.problems.append(ConfigurationProblem(.unreadable, key: nil, origin: .file(path, line: line), message))
    }

    private mutating func read(_ node: Node, below prefix: [String]) {
        guard case .mapping(let mapping) = node else {
            if !Self.isNull(node) {
                refuse("It does not consist of keys and values.", line: node.mark?.line)
            }
            return
        }
        for (keyNode, value) in mapping {
            visited += 1
            guard visited <= Self.maximumNodes, prefix.count < Self.maximumDepth else {
                if visited <= Self.maximumNodes + 1 { refuse("It has more keys or levels than any configuration.", line: nil) }
                visited = Self.maximumNodes + 1
                return
            }
            guard case .scalar(let scalar) = keyNode else {
                refuse("It has a key that is not a name.", line: keyNode.mark?.line)
                continue
            }
            take(value, names: prefix + [scalar.string], line: keyNode.mark?.line)
        }
    }

    private mutating func take(_ value: Node, names: [String], line: Int?) {
        let name = names.joined(separator: ".")
        let origin = ConfigurationOrigin.file(path, line: line)
        switch value {
        case .mapping:
            read(value, below: names)
        case .sequence(let sequence):
            take(list: Array(sequence), name: name, origin: origin)
        case .scalar(let scalar):
            // A key or section with nothing behind it sets nothing, but must exist.
            if Self.isNull(value),
                ConfigurationCatalogue.isSection(name) || ConfigurationCatalogue.key(named: name)?.isAvailable == true
            {
                return
            }
            add(name, scalar.string, origin)
        case .alias:
            refuse("It has an alias that cannot be followed.", line: line)
        }
    }

    private mutating func take(list: [Node], name: String, origin: ConfigurationOrigin) {
        let key = ConfigurationCatalogue.key(named: name)
        if let key, key.isAvailable, !key.kind.isList {
            layer.problems.append(
                ConfigurationProblem(
                    .malformedValue, key: name, origin: origin, "'\(name)' is a list, and takes one value (\(key.kind))."))
            return
        }
        let items = list.compactMap { $0.scalar?.string }
        guard items.count == list.count else {
            layer.problems.append(
                ConfigurationProblem(
                    .malformedValue, key: name, origin: origin,
                    "'\(Redaction.escaped(name))' is a list with something in it that is not a plain value."))
            return
        }
        add(name, items.joined(separator: ","), origin)
    }

    private mutating func add(_ name: String, _ text: String, _ origin: ConfigurationOrigin) {
        if ConfigurationCatalogue.key(named: name) == nil, ConfigurationCatalogue.isSection(name) {
            layer.problems.append(
                ConfigurationProblem(
                    .malformedValue, key: name, origin: origin,
                    "'\(Redaction.escaped(name))' is a section of keys, and takes no value."))
            return
        }
        if case .file(_, let line?) = origin {
            if let earlier = lines[name] {
                layer.problems.append(
                    ConfigurationProblem(
                        .conflict, key: name, origin: origin,
                        "'\(Redaction.escaped(name))' is set twice, first on line \(earlier)."))
                return
            }
            lines[name] = line
        }
        layer.add(ConfigurationEntry(name: name, text: text, origin: origin))
    }

    private static func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What is wrong and on which line. The library's own description quotes the line, which may hold a secret.
    private static func explain(_ error: any Error) -> (String, Int?) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            (problem, mark.line)
        case YamlError.duplicatedKeysInMapping(_, let context):
            ("a key is there twice in one section", context.mark.line)
        case YamlError.reader(let problem, _, _, _): (problem, nil)
        default: ("it cannot be read", nil)
        }
    }
}

extension ConfigurationKey.Kind {
    fileprivate var isList: Bool { if case .list = self { true } else { false } }
}
