internal import CLinux
internal import Glibc
internal import Linux

/// The walls of a process that executes a guest: what it gives up once everything is open, before it has further threads,
/// which inherit it. What each thread may call follows, thread by thread (``CallFilter``).
struct Confinement {
    /// Descriptors at most: those of the machine, and of some thousand connections to its agent.
    private static let mostDescriptors: UInt64 = 4096
    /// RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NOFILE.
    private static let (fileSize, core, descriptors): (Int32, Int32, Int32) = (1, 4, 7)

    /// Whom it becomes; nil: it stays who it is.
    let identity: Identity?
    /// The largest file that it writes, in bytes; nil for any size.
    let largestFile: UInt64?

    /// A user and a group.
    struct Identity: Equatable {
        let user: UInt32
        let group: UInt32

        /// From `uid:gid`; nil if that is none.
        init?(_ text: String) {
            let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard numbers.count == 2, let user = numbers[0], let group = numbers[1], user != .max, group != .max else {
                return nil
            }
            (self.user, self.group) = (user, group)
        }
    }

    /// Puts them up, for ever, but for the limit of files: writing a kernel into the guest's memory is writing a file.
    func enforce() throws(SystemError) {
        // A heap of glibc's that shrinks opens /proc/sys/vm/overcommit_memory before it does so for the first time, on
        // whatever thread that is: none shrinks. (131072 is how it grows anyway.)
        bh_grow_heap_by(131_072)
        // The guest's memory is in no dump, and nobody of the same user looks into this process.
        try Privilege.setLimit(Confinement.core, soft: 0, hard: 0)
        try limit(Confinement.descriptors, to: Confinement.mostDescriptors)
        // No limit for threads: the kernel counts those of other machines, which have the same user, and its own helpers
        // of a guest. The filters allow none, and the jail's control group has a limit.
        if let identity { try Privilege.become(user: identity.user, group: identity.group, groups: []) }
        try CapabilitySet.set(effective: [], permitted: [], inheritable: [])
        try Privilege.setNoNewPrivileges()
        try Privilege.setDumpable(false)
        try Confinement.closeFileSystem()
    }

    /// Puts up the rest, before the guest's first instruction.
    func limitFiles() throws(SystemError) {
        if let largestFile { try limit(Confinement.fileSize, to: largestFile) }
    }

    private func limit(_ resource: Int32, to value: UInt64) throws(SystemError) {
        let hard = min(value, try Privilege.limit(resource).hard)
        try Privilege.setLimit(resource, soft: hard, hard: hard)
    }

    /// From now on no path can be opened, made or removed, no port used, and no signal sent to others: there is no rule
    /// that allows any of it. The filters deny it as well: this is a second wall (Landlock), and not the only one.
    private static func closeFileSystem() throws(SystemError) {
        let version = bh_landlock_version()
        // Before 5.13 there is none (ENOSYS); it may be switched off at boot (EOPNOTSUPP), or denied by a jail's filter.
        guard version > 0 else { return }
        // Each version of the interface knows more kinds of access: executing to making symbolic links; moving between
        // folders; truncating; with devices.
        var files: UInt64 = (1 << 13) - 1
        if version >= 2 { files |= 1 << 13 }
        if version >= 3 { files |= 1 << 14 }
        if version >= 5 { files |= 1 << 15 }
        // Binding and connecting TCP; abstract Unix sockets and signals.
        let number = bh_landlock_ruleset(files, version >= 4 ? 3 : 0, version >= 6 ? 3 : 0, version)
        guard number >= 0 else { throw .last("make a ruleset of Landlock, version \(version)") }
        let ruleset = Descriptor(adopting: number)
        guard bh_landlock_restrict(ruleset.rawValue) == 0 else {
            throw .last("take on a ruleset of Landlock, version \(version)")
        }
    }
}
