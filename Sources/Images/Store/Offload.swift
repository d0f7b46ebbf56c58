@preconcurrency import Dispatch
import Foundation

/// Work that waits for disks, on threads where it may take its time.
enum Offload {
    private static let queue = DispatchQueue(label: "bulkhead.images", attributes: .concurrent)

    static func run<T: Sendable, E: Error>(_ work: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(E) in try work() }) }
        }
        return try result.get()
    }
    /// Work that changes what belongs to a thread, such as its mount namespace: the thread ends with it.
    static func runOnOwnThread<T: Sendable, E: Error>(
        _ work: @escaping @Sendable () throws(E) -> T
    ) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Result { () throws(E) in try work() }) }
        }
        return try result.get()
    }
}
