internal import CLinux
internal import Glibc

/// Who the calling process is and what it may do beyond capabilities.
public enum Privilege {
    /// Sets the groups, the group and the user, in this order; nil leaves the groups as they are.
    public static func become(user: UInt32, group: UInt32, groups: [UInt32]?) throws(SystemError) {
        if let groups {
            // unsafe because the array is read through a pointer that lives for the call
            try SystemError.check(unsafe bh_setgroups(groups.count, groups), "setgroups")
        }
        try SystemError.check(bh_setresgid(group), "setresgid", "\(group)")
        try SystemError.check(bh_setresuid(user), "setresuid", "\(user)")
    }

    /// From now on no program that is executed can have more privileges.
    public static func setNoNewPrivileges() throws(SystemError) {
        try SystemError.check(bh_prctl(38 /* PR_SET_NO_NEW_PRIVS */, 1, 0), "prctl PR_SET_NO_NEW_PRIVS")
    }

    /// Whether others may trace the calling process and look into it through /proc.
    public static func setDumpable(_ on: Bool) throws(SystemError) {
        try SystemError.check(bh_prctl(4 /* PR_SET_DUMPABLE */, on ? 1 : 0, 0), "prctl PR_SET_DUMPABLE")
    }

    /// The signal that the calling process gets when its parent dies.
    public static func setParentDeathSignal(_ signal: Int32) throws(SystemError) {
        try SystemError.check(bh_prctl(1 /* PR_SET_PDEATHSIG */, UInt(signal), 0), "prctl PR_SET_PDEATHSIG")
    }

    /// Orphans below the calling process become its children.
    public static func becomeSubreaper() throws(SystemError) {
        try SystemError.check(bh_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1, 0), "prctl PR_SET_CHILD_SUBREAPER")
    }

    /// Installs a filter for system calls: classic BPF, 8 bytes an instruction. `log` also logs what it denies.
    ///
    /// - Returns: with `listening`, the descriptor on which the calls come that wait for an answer; nil without.
    @discardableResult
    public static func installFilter(
        _ program: [UInt8], flags: UInt32 = 0, listening: Bool = false
    ) throws(SystemError) -> Descriptor? {
        guard program.count.isMultiple(of: 8), !program.isEmpty, let count = UInt16(exactly: program.count / 8) else {
            throw SystemError("install the seccomp filter", code: EINVAL)
        }
        // unsafe because the kernel reads `count` instructions of 8 bytes, which is exactly what the array has
        let result = unsafe bh_seccomp_filter(program, count, listening ? flags | 8 /* NEW_LISTENER */ : flags)
        try SystemError.check(result, "install the seccomp filter")
        return listening ? Descriptor(adopting: result) : nil
    }

    /// Leaves the session keyring that was inherited for a new one with nothing in it; says its serial number, 0 where
    /// the kernel has no keys. It has no name: one with a name that exists already would be joined, whoever made it.
    @discardableResult
    public static func makeSessionKeyring() throws(SystemError) -> Int32 {
        let serial = bh_new_session_keyring()
        if serial < 0 && errno == ENOSYS { return 0 }
        return try SystemError.check(serial, "make a session keyring")
    }

    /// Sets a limit of a process (0: the calling one); `resource` is the number of RLIMIT_*.
    public static func setLimit(
        _ resource: Int32, soft: UInt64, hard: UInt64, process: Int32 = 0
    ) throws(SystemError) {
        try SystemError.check(bh_prlimit(process, resource, soft, hard), "setrlimit")
    }

    /// A limit of the calling process.
    public static func limit(_ resource: Int32) throws(SystemError) -> (soft: UInt64, hard: UInt64) {
        var (soft, hard): (UInt64, UInt64) = (0, 0)
        // unsafe because the limits come back through pointers to two local numbers
        try SystemError.check(unsafe bh_getrlimit(resource, &soft, &hard), "getrlimit")
        return (soft, hard)
    }

    /// The number of a limit by its name, `RLIMIT_NOFILE`.
    public static func limitNumber(named name: String) -> Int32? {
        let names = [
            "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING",
            "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
        ]
        return names.firstIndex { "RLIMIT_\($0)" == name }.map { Int32($0) }
    }

    /// The mask for the permissions of new files; the old one is returned.
    @discardableResult
    public static func setMask(_ mask: UInt32) -> UInt32 { umask(mask) }
}
