internal import CLinux

/// The calling process's own memory.
public enum Memory {
    /// Gives what is not in use back to the kernel: for programs of which many wait at the same time.
    public static func release() { bh_release_memory() }

    /// Lets the heap grow by a mebibyte at a time, and never shrink: for programs that end soon, which would spend more
    /// on asking for memory than the memory is worth. What is not touched takes no room.
    public static func growInLargeSteps() { bh_grow_heap_by(1 << 20) }
}
