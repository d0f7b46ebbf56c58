/// Writable disks of machines.
public enum DiskImage {
    /// Makes a sparse ext4 file system of that size in bytes; what exists at the path is replaced.
    public static func create(_ path: String, size: UInt64) throws(MachineError) {
        throw MachineError(.missing, "machines: not ready yet")
    }
}
