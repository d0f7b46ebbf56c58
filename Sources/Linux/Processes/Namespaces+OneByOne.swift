internal import Glibc

extension Namespaces {
    /// Their names below /proc/PID/ns.
    private static let names: [(kind: Namespaces, name: String)] = [
        (.ipc, "ipc"), (.uts, "uts"), (.network, "net"), (.cgroup, "cgroup"), (.time, "time"), (.pid, "pid"),
        (.mount, "mnt"),
        (.user, "user"),
    ]

    /// Joins those of a process that are in `kinds`, one after the other.
    ///
    /// - Parameters:
    ///   - descriptor: the pidfd of the process.
    ///   - process: its number, as /proc has it.
    static func joinOneByOne(_ descriptor: Int32, process: Int32, _ kinds: Namespaces) throws(SystemError) {
        var files: [(kind: Namespaces, number: Int32)] = []
        defer { for file in files { close(file.number) } }
        for (kind, name) in names where kinds.contains(kind) {
            files.append((kind, try Descriptor.open("/proc/\(process)/ns/\(name)").release()))
        }
        // The process is still there: so it was this one's files that were opened, not those of a later one.
        try ProcessDescriptor.signal(descriptor, 0)
        // With the rights that there are now first: those of the user namespace may not reach to all of them, and those
        // of an ordinary user may reach to them only from within.
        var later: [(kind: Namespaces, number: Int32)] = []
        for file in files where file.kind != .user {
            do { try join(file.number, file.kind) } catch {
                guard error.code == EPERM, kinds.contains(.user) else { throw error }
                later.append(file)
            }
        }
        for file in files where file.kind == .user { try join(file.number, file.kind) }
        for file in later { try join(file.number, file.kind) }
    }
}
