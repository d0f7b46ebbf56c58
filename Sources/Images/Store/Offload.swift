@preconcurrency import Dispatch

/// Work that waits for disks, on threads where it may take its time.
enum Offload {
    private static let queue = DispatchQueue(label: "bulkhead.images", attributes: .concurrent)

    static func run<T: Sendable>(_ work: @escaping @Sendable () throws(ImageError) -> T) async throws(ImageError) -> T {
        let result: Result<T, ImageError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(ImageError) in try work() }) }
        }
        return try result.get()
    }
}
