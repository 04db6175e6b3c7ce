/// Keeps work apart that must not happen at the same time, in this process and in others that share the data directory: whoever
/// places content and then refers to it holds the lock shared, whoever deletes what nothing refers to holds it exclusively.
///
/// Errors of the lock itself are ``LivepatchError``s with the codes `storage-busy` and `storage-unavailable`. Not reentrant.
public protocol StorageLock: Sendable {
    /// Runs the body while nobody holds the lock exclusively; waits for that, within the lock's patience.
    /// - Throws: ``LivepatchError`` with the code `storage-busy` if the wait was in vain, or what the body throws.
    func withShared<Value>(_ body: () async throws -> Value) async throws -> Value
    /// Runs the body while nobody else holds the lock; waits for that, within the lock's patience.
    /// - Throws: ``LivepatchError`` with the code `storage-busy` if the wait was in vain, or what the body throws.
    func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value
    /// Runs the body if nobody else holds the lock at this moment.
    /// - Returns: `nil` without running it if somebody does.
    func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value?
}
