internal import CLinux

extension Files {
    /// Sets an extended attribute of what a descriptor stands for, O_PATH descriptors included.
    public static func setAttribute(
        _ name: String, to value: [UInt8], on descriptor: borrowing Descriptor
    ) throws(SystemError) {
        try setAttribute(name, to: value, onDescriptor: descriptor.rawValue)
    }

    /// Sets an extended attribute of what a descriptor that belongs to somebody else stands for.
    public static func setAttribute(
        _ name: String, to value: [UInt8], onDescriptor descriptor: Int32
    ) throws(SystemError) {
        // unsafe because the path, the name and the value are read during the call only
        let result = unsafe bh_setxattr("/proc/self/fd/\(descriptor)", name, value, UInt(value.count))
        try SystemError.check(result, "set the attribute", name)
    }

    /// Writes all that is cached of the file system that a descriptor lies on to its disk.
    public static func synchronizeFileSystem(of descriptor: borrowing Descriptor) throws(SystemError) {
        try SystemError.check(bh_syncfs(descriptor.rawValue), "sync the file system")
    }
}
