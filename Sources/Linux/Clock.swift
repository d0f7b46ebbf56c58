internal import CLinux
internal import Glibc

/// The kernel's clocks.
public enum Clock {
    /// Milliseconds since some point in the past; never set back.
    public static var monotonicMilliseconds: Int64 { nanoseconds(CLOCK_MONOTONIC) / 1_000_000 }
    /// Nanoseconds since some point in the past; never set back.
    public static var monotonicNanoseconds: Int64 { nanoseconds(CLOCK_MONOTONIC) }
    /// Nanoseconds since 1970.
    public static var realtimeNanoseconds: Int64 { nanoseconds(CLOCK_REALTIME) }

    /// The processor's own counter; 0 where it has none that can be read.
    public static var timestampCounter: UInt64 { bh_timestamp_counter() }
    /// Nanoseconds since some point in the past, not adjusted to any other clock.
    public static var rawNanoseconds: Int64 { nanoseconds(CLOCK_MONOTONIC_RAW) }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // unsafe because the time comes back through a pointer to a local structure
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
