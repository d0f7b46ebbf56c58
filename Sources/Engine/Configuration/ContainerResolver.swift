/// Brings together what a client asks for, what the image says and what Docker does by default.
enum ContainerResolver {
    /// The search path of every container, unless the image or the client has one.
    static let searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Program and arguments; an own entry point makes the image's command void.
    static func arguments(_ specification: ContainerSpecification, _ image: ImageDefaults)
        throws(EngineError) -> (entrypoint: [String], command: [String])
    {
        var entrypoint = image.entrypoint
        var command = image.command
        if let own = specification.entrypoint {
            entrypoint = own == [""] ? [] : own
            command = []
        }
        if let own = specification.command, !(own.isEmpty && specification.entrypoint == nil) { command = own }
        guard !(entrypoint + command).isEmpty else { throw EngineError(.invalid, "no command specified") }
        return (entrypoint, command)
    }

    /// The image's environment with the client's over it: `NAME=value` replaces, `NAME` alone removes.
    static func environment(_ base: [String], adding own: [String]) -> [String] {
        var result = base
        for entry in own {
            let name = self.name(of: entry)
            let position = result.firstIndex { self.name(of: $0) == name }
            if !entry.utf8.contains(UInt8(ascii: "=")) {
                if let position { result.remove(at: position) }
            } else if let position {
                result[position] = entry
            } else {
                result.append(entry)
            }
        }
        return result
    }

    /// What the process really gets: PATH, HOSTNAME and TERM first, so that image and client can replace them.
    static func processEnvironment(_ resolved: ResolvedContainer, terminal: Bool) -> [String] {
        var base = [searchPath, "HOSTNAME=\(resolved.hostname)"]
        if terminal { base.append("TERM=xterm") }
        return environment(base, adding: resolved.environment)
    }

    private static func name(of entry: String) -> Substring {
        entry.prefix { $0 != "=" }
    }

    /// Capabilities by Docker's rules.
    ///
    /// - Throws: `invalid` for a name that doesn't exist.
    static func capabilities(_ security: SecuritySpecification, last: Int = CapabilityNames.all.count - 1)
        throws(EngineError) -> [String]
    {
        let all = Array(CapabilityNames.all.prefix(last + 1))
        if security.privileged { return all }
        let added = try security.capabilitiesAdded.map { name throws(EngineError) in try CapabilityNames.checked(name) }
        let dropped = try security.capabilitiesDropped.map { name throws(EngineError) in
            try CapabilityNames.checked(name)
        }
        let names: Set<String>
        if added.contains("ALL") {
            names = Set(all).subtracting(dropped)
        } else if dropped.contains("ALL") {
            names = Set(added)
        } else {
            names = Set(CapabilityNames.defaults).subtracting(dropped).union(added)
        }
        return all.filter { names.contains($0) }
    }
}

/// Capabilities by name, in the kernel's order.
enum CapabilityNames {
    static let all = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    /// The fourteen that every container has.
    static let defaults = [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
        "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ].map { "CAP_" + $0 }

    /// The name with its prefix and in capitals, or `ALL`.
    static func checked(_ name: String) throws(EngineError) -> String {
        let upper = name.uppercased()
        if upper == "ALL" { return upper }
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        guard all.contains(full) else {
            throw EngineError(.invalid, "invalid capability: unknown capability: \"\(full)\"")
        }
        return full
    }
}
