import Glibc

/// What the configuration of a container depends on, of the kernel that will run it.
struct HostFacts: Sendable, Equatable {
    /// Whether the unified hierarchy has the controllers (pure version 2).
    var unifiedCgroups = false
    /// The number of the kernel's last capability.
    var lastCapability = CapabilityNames.all.count - 1
    /// Which of the default sysctls exist.
    var sysctls: [String] = []
    /// Paths of processors' thermal counters that are masked.
    var thermalPaths: [String] = []
    /// The kernel's release, as `uname -r` prints it.
    var kernelRelease = "6.1"
    /// Of the host.
    var hostname = ""
    var processors = 1
    var memory: UInt64 = 0

    /// Those of a machine's guest: Debian's kernel with the unified hierarchy.
    static var guest: HostFacts {
        var facts = HostFacts()
        facts.unifiedCgroups = true
        facts.sysctls = ["net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range"]
        return facts
    }

    /// Those of this host, asked once.
    static func current() -> HostFacts {
        var facts = HostFacts()
        facts.unifiedCgroups = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
        facts.processors = sysconf(Int32(_SC_NPROCESSORS_CONF))
        facts.memory = HostMemory.total
        if let text = FileText.read("/proc/sys/kernel/cap_last_cap"), let last = Int(text.trimmed) {
            facts.lastCapability = min(last, CapabilityNames.all.count - 1)
        }
        facts.kernelRelease = FileText.read("/proc/sys/kernel/osrelease")?.trimmed ?? ""
        facts.hostname = FileText.read("/proc/sys/kernel/hostname")?.trimmed ?? ""
        for name in HostFacts.guest.sysctls {
            let path = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
            if access(path, F_OK) == 0 { facts.sysctls.append(name) }
        }
        for number in 0..<facts.processors {
            let path = "/sys/devices/system/cpu/cpu\(number)/thermal_throttle"
            if access(path, F_OK) == 0 { facts.thermalPaths.append(path) }
        }
        return facts
    }
}

/// Small files as text.
enum FileText {
    /// All of it, or nil where it can't be read.
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

/// The host's memory.
public enum HostMemory {
    /// All of it, in bytes.
    public static var total: UInt64 {
        UInt64(sysconf(Int32(_SC_PHYS_PAGES))) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
