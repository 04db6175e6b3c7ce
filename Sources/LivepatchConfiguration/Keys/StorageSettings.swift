enum StorageSettings {
    static let type = Setting<StorageConfiguration.Kind>(
        key: ConfigurationKey(
            "patch-storage.type", .storage, .choice(StorageConfiguration.Kind.allCases.map(\.rawValue)), default: "filesystem",
            "What holds the patch files. This release has directories only."),
        defaultValue: .filesystem,
        parse: { text in
            guard let kind = StorageConfiguration.Kind(rawValue: text) else {
                let known = ["s3", "postgres", "swift"].contains(text)
                throw SettingFault(
                    known ? "this release does not have; it stores patches in a directory: filesystem" : "is not filesystem")
            }
            return kind
        })

    static let filesystemPath = Setting<String?>.optional(
        "patch-storage.filesystem-path", .storage, .path, SettingText.path,
        "The directory of the patch files, on a file system that all of them fit on. Empty: within the data directory.")

    static let keys = [type.key, filesystemPath.key]
}
