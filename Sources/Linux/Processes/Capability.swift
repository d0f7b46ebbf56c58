internal import CLinux
internal import Glibc

/// A set of capabilities (capabilities(7)).
public struct CapabilitySet: OptionSet, Sendable, Hashable {
    /// One bit for each, by its number.
    public let rawValue: UInt64
    /// From the bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The names, in the order of their numbers.
    public static let names = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]

    /// All that have a name here.
    public static let all = CapabilitySet(rawValue: (1 << UInt64(names.count)) - 1)

    /// CAP_SETGID.
    public static let setGroupID = CapabilitySet(rawValue: 1 << 6)
    /// CAP_SETUID.
    public static let setUserID = CapabilitySet(rawValue: 1 << 7)
    /// CAP_SYS_ADMIN.
    public static let systemAdministration = CapabilitySet(rawValue: 1 << 21)
    /// CAP_SYS_NICE.
    public static let systemNice = CapabilitySet(rawValue: 1 << 23)
    /// CAP_SYS_RESOURCE.
    public static let systemResource = CapabilitySet(rawValue: 1 << 24)

    /// One by its name, `CAP_CHOWN`; nil for a name that is not known.
    public init?(name: String) {
        guard let number = CapabilitySet.names.firstIndex(of: name) else { return nil }
        rawValue = 1 << UInt64(number)
    }

    /// The names of its members.
    public var memberNames: [String] {
        CapabilitySet.names.enumerated().filter { rawValue & 1 << UInt64($0.offset) != 0 }.map { $0.element }
    }

    /// What the calling process may make effective.
    public static func permitted() throws(SystemError) -> CapabilitySet {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        // unsafe because the sets come back through pointers to three local numbers
        try SystemError.check(unsafe bh_capget(&effective, &permitted, &inheritable), "capget")
        return CapabilitySet(rawValue: permitted)
    }

    /// Whether the calling process may make namespaces and mounts in its own user namespace.
    public static func mayAdministrate() throws(SystemError) -> Bool {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        // unsafe because the sets come back through pointers to three local numbers
        try SystemError.check(unsafe bh_capget(&effective, &permitted, &inheritable), "capget")
        return effective & 1 << 21 /* CAP_SYS_ADMIN */ != 0
    }

    /// Takes everything that is not in this set out of the calling process's bounding set.
    public func limitBounding() throws(SystemError) {
        for number in 0..<64 where rawValue & 1 << UInt64(number) == 0 {
            let result = bh_prctl(24 /* PR_CAPBSET_DROP */, UInt(number), 0)
            // The kernel knows fewer than 64: the first number that it doesn't know ends the list.
            if result < 0 && errno == EINVAL { return }
            try SystemError.check(result, "drop from the bounding set", "capability \(number)")
        }
    }

    /// Sets three sets of the calling process.
    public static func set(
        effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet
    ) throws(SystemError) {
        try SystemError.check(bh_capset(effective.rawValue, permitted.rawValue, inheritable.rawValue), "capset")
    }

    /// Makes this set the calling process's ambient one; each must be permitted and inheritable.
    public func setAmbient() throws(SystemError) {
        try SystemError.check(
            bh_prctl(47 /* PR_CAP_AMBIENT */, 4 /* PR_CAP_AMBIENT_CLEAR_ALL */, 0), "clear the ambient capabilities")
        for number in 0..<64 where rawValue & 1 << UInt64(number) != 0 {
            try SystemError.check(bh_prctl_ambient_raise(UInt32(number)), "raise the ambient capability", "\(number)")
        }
    }

    /// Keeps the permitted set when the user changes from 0 to another.
    public static func keepOverUserChange(_ keep: Bool) throws(SystemError) {
        try SystemError.check(bh_prctl(8 /* PR_SET_KEEPCAPS */, keep ? 1 : 0, 0), "prctl PR_SET_KEEPCAPS")
    }
}
