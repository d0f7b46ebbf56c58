internal import Glibc
internal import Linux

extension ProcessFileSystem {
    /// What lxcfs and others put something of their own in place of: it only tells of the machine.
    private static func isReplaceable(_ path: String) -> Bool {
        switch path {
        case "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
            "/proc/loadavg", "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid",
            "/proc/sys/crypto/fips_enabled":
            true
        default: false
        }
    }

    /// Refuses to mount something else over /proc or into it: a program, or a runtime, that writes its label there would
    /// write into a file of the attacker's (CVE-2019-16884), be /proc the name of a link or not (CVE-2023-28642).
    static func checkMount(
        on target: borrowing Descriptor, _ destination: String, isOneItself: @autoclosure () -> Bool,
        isEmpty: Bool = false
    ) throws(SystemError) {
        let path = Files.absolute(Files.names(in: destination))
        let isInside = path.hasPrefix("/proc/") || contains(target)
        guard isInside || path == "/proc", !isEmpty, !isReplaceable(path) else { return }
        if isOneItself() && (path == "/proc" || !path.hasPrefix("/proc/")) { return }
        throw SystemError("mount over the process file system at", path, code: EPERM)
    }
}
