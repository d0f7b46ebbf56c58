import Glibc

/// Times as the engine keeps them: nanoseconds since 1970.
public enum Timestamp {
    /// The time now.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
