/// The reference of all keys, made from the table that reading and checking use.
public enum ConfigurationReference {
    /// `Documentation/configuration.md`, whole.
    public static func markdown() -> String {
        let sections = ConfigurationKey.Section.allCases.filter { $0 != .later }.map(section)
        return ([introduction] + sections + [later]).joined(separator: "\n") + "\n"
    }

    private static let introduction = """
        <!-- Generated from Sources/LivepatchConfiguration/Keys. Change the text there, then run `make docs-configuration`. -->
        # Configuration

        Nothing has to be configured: `livepatch-server` starts with the defaults below. A setting is looked for in this order, and the
        first place that has it decides:

        1. the command line: `--set KEY=VALUE`, any number of times (of two for one key the last counts), and options such as `--data-dir`
        2. the environment: `LP_` and the key in upper case, dots and hyphens as underscores: `LP_PATCH_SYNC_TOKEN`
        3. the YAML file that `--config FILE` names, its keys nested, dotted or both
        4. the default

        ```yaml
        server:
          log-level: info
        patch-sync:
          enabled: true
          upstream-url: [https://patches-1.example.com, https://patches-2.example.com]
          token-file: /etc/livepatch/sync-token
          flavors: [generic, aws]
        patch-sync.interval: 30m
        ```

        A key that does not exist, a value that cannot be read and a setting that this release does not have are errors. All of them are
        reported at once, each with the place it came from. `livepatch-server --check-config` checks everything and prints what is in force
        and why, with secrets as `***REDACTED***`.

        | kind | written |
        |---|---|
        | boolean | `true` or `false` |
        | duration | `90s`, `10m`, `1h30m`, `30d`, `250ms` |
        | size | bytes, or `512K`, `10M`, `2G` in powers of 1024 |
        | percentage | `50%` |
        | list | values joined by commas; in YAML a list, too |

        Nothing in the default column stands for none. Setting a key to the empty text takes back what a later place in the order says,
        where none is possible. Keys marked ⟳ are taken up by a running server on SIGHUP; the others when it is started again. Keys marked
        🔒 are secrets, which are never shown; prefer a file or the environment to the command line for them.

        """

    private static func section(_ section: ConfigurationKey.Section) -> String {
        let rows = ConfigurationCatalogue.keys.filter { $0.section == section }.map { key in
            let marks = (key.isReloadable ? " ⟳" : "") + (key.isSecret ? " 🔒" : "")
            let initial = key.defaultText.isEmpty ? "" : "`\(cell(key.defaultText))`"
            return "| `\(key.name)`\(marks) | \(cell(key.kind.description)) | \(initial) | \(cell(key.meaning)) |"
        }
        return (["## \(section.rawValue)", "", "| key | kind | default | meaning |", "|---|---|---|---|"] + rows + [""])
            .joined(separator: "\n")
    }

    private static var later: String {
        let rows = ConfigurationCatalogue.keys.filter { !$0.isAvailable }.map { "| `\($0.name)` | \(cell($0.meaning)) |" }
        return
            ([
                "## \(ConfigurationKey.Section.later.rawValue)", "",
                "These keys of Livepatch on-prem are known, and refused with that explanation.", "", "| key | what it is about |",
                "|---|---|",
            ] + rows).joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
