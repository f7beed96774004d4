import Synchronization

/// A value behind a lock, shared by threads.
final class MutexBox<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    @discardableResult
    func exchange<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        self.value.withLock { value in
            let result = body(&value)
            return result
        }
    }
}
