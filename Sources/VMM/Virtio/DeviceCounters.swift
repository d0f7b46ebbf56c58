internal import Synchronization

/// What a device has done, for statistics: any thread may read while the device's count.
final class DeviceCounters: Sendable {
    /// The counts at a time.
    struct Snapshot: Sendable, Equatable {
        /// Requests that were answered, whatever the answer.
        var requests: UInt64 = 0
        /// Bytes from the device to the guest.
        var bytesIn: UInt64 = 0
        /// Bytes from the guest to the device.
        var bytesOut: UInt64 = 0
        /// Requests that failed.
        var errors: UInt64 = 0
    }

    private let requests = Atomic<UInt64>(0)
    private let bytesIn = Atomic<UInt64>(0)
    private let bytesOut = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)

    /// Counts one request.
    @inline(__always)
    func count(bytesIn: Int = 0, bytesOut: Int = 0, failed: Bool = false) {
        requests.wrappingAdd(1, ordering: .relaxed)
        if bytesIn > 0 { self.bytesIn.wrappingAdd(UInt64(bytesIn), ordering: .relaxed) }
        if bytesOut > 0 { self.bytesOut.wrappingAdd(UInt64(bytesOut), ordering: .relaxed) }
        if failed { errors.wrappingAdd(1, ordering: .relaxed) }
    }

    /// The counts now.
    var snapshot: Snapshot {
        Snapshot(
            requests: requests.load(ordering: .relaxed), bytesIn: bytesIn.load(ordering: .relaxed),
            bytesOut: bytesOut.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed))
    }
}
