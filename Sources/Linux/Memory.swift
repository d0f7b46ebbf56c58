internal import CLinux

/// The calling process's own memory.
public enum Memory {
    /// Gives what is not in use back to the kernel: for programs of which many wait at the same time.
    public static func release() { bh_release_memory() }
}
