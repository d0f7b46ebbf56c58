internal import CLinux
internal import Glibc

extension Program {
    /// Makes sure that nobody who gets hold of `/proc/PID/exe` of this process, or of one that it becomes, can write to
    /// the file: to be called first of all by programs that enter a container (CVE-2019-5736).
    ///
    /// A container may have a program executed that is a link to `/proc/self/exe`, or a script with that interpreter:
    /// then this very program runs as a process of the container's, which may look into it, keep a handle on its file,
    /// and write once it has ended. So the program is executed once more, out of a copy of its mount that is read-only
    /// and attached nowhere; where the kernel can't make one (before 5.12, or without CAP_SYS_ADMIN), out of a sealed
    /// file in memory. Where the file lies on a read-only mount already nothing is done.
    public static func protectFile() throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        if unsafe bh_is_on_read_only_mount(ownFile) == 1 { return }
        let readOnly: Descriptor
        do { readOnly = try readOnlyMount() } catch {
            // Here already, in what the lines below have made.
            if try isSealed() { return }
            readOnly = try sealedCopy()
        }
        // unsafe because the arguments are those that this process was started with; they live as long as it does
        _ = unsafe bh_execute_descriptor(readOnly.rawValue, CommandLine.unsafeArgv)
        // A filter that denies execveat: the same file by its name, which only needs /proc.
        // unsafe because the path is a C string that lives for the call; the arguments as above
        if errno == ENOSYS || errno == EPERM {
            _ = unsafe bh_execute("/proc/self/fd/\(readOnly.rawValue)", CommandLine.unsafeArgv)
        }
        throw .last("execute again from a read-only mount", ownFile)
    }

    private static let ownFile = "/proc/self/exe"
    /// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE.
    private static let seals: Int32 = 0xF

    private static func readOnlyMount() throws(SystemError) -> Descriptor {
        let mount = try Mount.cloneTree(at: ownFile, recursive: false)
        try Mount.setAttributes(of: mount, set: .readOnly)
        return mount
    }

    private static func isSealed() throws(SystemError) -> Bool {
        let file = try Descriptor.open(ownFile)
        // Open until the kernel has looked at it: a descriptor is closed after its last use.
        defer { extendLifetime(file) }
        let found = bh_fcntl(file.rawValue, 1034 /* F_GET_SEALS */, 0)
        return found >= 0 && found & seals == seals
    }

    private static func sealedCopy() throws(SystemError) -> Descriptor {
        let memory = try Descriptor.memory("program", sealable: true)
        try memory.writeAll(try Files.read(ownFile))
        try SystemError.check(
            bh_fcntl(memory.rawValue, 1033 /* F_ADD_SEALS */, Int(seals)), "seal the copy of", ownFile)
        return memory
    }
}
