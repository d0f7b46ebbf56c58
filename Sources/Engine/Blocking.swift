@preconcurrency import Dispatch

/// Work that waits for disks, off the threads of the concurrency pool.
enum Blocking {
    private static let queue = DispatchQueue(label: "bulkhead.blocking", qos: .userInitiated, attributes: .concurrent)

    /// Runs it on a thread where it may take its time.
    static func run<T: Sendable>(_ work: @escaping @Sendable () throws(EngineError) -> T) async throws(EngineError) -> T
    {
        let result: Result<T, EngineError> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(EngineError) in try work() })
            }
        }
        return try result.get()
    }
}
