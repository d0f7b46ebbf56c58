internal import Glibc

/// What is done with an eventfd.
enum EventCounter {
    /// Counts one up: who watches it is woken.
    @inline(__always)
    static func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        // The only failure of an eventfd is a count that is at its end, which wakes as well.
        // unsafe because write takes a pointer, to a local number
        _ = unsafe write(descriptor, &one, 8)
    }
}
