public import ArgumentParser

/// The options of every command that prints a result.
public struct OutputOptions: ParsableArguments, Sendable {
    @Option(name: .long, help: "How the result is written.")
    public var format: OutputFormat = .table

    @Flag(name: .shortAndLong, help: "Print only the names or numbers that identify the result, one a line.")
    public var quiet = false

    /// For the parser alone, which fills in the values.
    public init() {}

    /// Options that did not come from a command line.
    public init(format: OutputFormat, quiet: Bool = false) {
        self.format = format
        self.quiet = quiet
    }

    public func validate() throws {
        if quiet, format != .table {
            throw ValidationError("--quiet prints names only, so it does not go together with --format \(format.rawValue).")
        }
    }
}

extension OutputOptions {
    /// Prints a list: as a table, or its quiet values, or `document`, which holds the list and what belongs to it.
    ///
    /// - Parameter empty: what a person reads instead of a table without rows; it goes to standard error.
    public func show<Item: Listed>(
        _ items: [Item], document: some Encodable, empty: String, on console: Console
    ) throws {
        if quiet {
            try console.print(items.map { PrintableText.line($0.quietValue) })
        } else if format != .table {
            try show(document: document, on: console)
        } else if items.isEmpty {
            console.note(empty)
        } else {
            let text = console.humanText
            let table = Table(columns: Item.columns, rows: items.map { $0.row(text) })
            try console.print(table.lines(for: console.output.terminal))
        }
    }

    /// Prints a list that stands for itself: `json` and `yaml` are an array.
    public func show<Item: Listed>(_ items: [Item], empty: String, on console: Console) throws {
        try show(items, document: items, empty: empty, on: console)
    }

    /// Prints one thing with its particulars.
    public func show(_ item: some Detailed, on console: Console) throws {
        if quiet {
            try console.print([PrintableText.line(item.quietValue)])
        } else if format != .table {
            try show(document: item, on: console)
        } else {
            try console.print(Detail.lines(item.details(console.humanText), on: console.output.terminal))
        }
    }

    /// Prints a value as JSON or YAML; as JSON where the format is a table.
    public func show(document: some Encodable, on console: Console) throws {
        let value = try StructuredValue(document)
        try console.print([format == .yaml ? value.yaml() : value.json()])
    }
}
