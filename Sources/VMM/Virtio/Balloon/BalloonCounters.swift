internal import Synchronization

/// What a balloon has taken and given, for statistics.
final class BalloonCounters: Sendable {
    /// The counts at a time.
    struct Snapshot: Sendable, Equatable {
        /// Bytes that the driver has put into the balloon, and taken out of it, in all.
        var inflated: UInt64 = 0
        var deflated: UInt64 = 0
        /// Bytes that the driver has reported as free, in all.
        var reported: UInt64 = 0
        /// Bytes that were given back to the host, in all.
        var released: UInt64 = 0
        /// Pages that are no memory, and releases that the host failed.
        var errors: UInt64 = 0
    }

    let inflated = Atomic<UInt64>(0)
    let deflated = Atomic<UInt64>(0)
    let reported = Atomic<UInt64>(0)
    let released = Atomic<UInt64>(0)
    let errors = Atomic<UInt64>(0)

    /// The counts now.
    var snapshot: Snapshot {
        Snapshot(
            inflated: inflated.load(ordering: .relaxed), deflated: deflated.load(ordering: .relaxed),
            reported: reported.load(ordering: .relaxed), released: released.load(ordering: .relaxed),
            errors: errors.load(ordering: .relaxed))
    }
}
