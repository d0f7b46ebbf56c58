import OCI

extension ConfigurationBuilder {
    static let defaultMaskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ]
    static let defaultReadOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    func maskedPaths() -> [String] {
        if security.privileged { return [] }
        return security.maskedPaths ?? (Self.defaultMaskedPaths + facts.host.thermalPaths)
    }

    func readOnlyPaths() -> [String] {
        if security.privileged { return [] }
        return security.readOnlyPaths ?? Self.defaultReadOnlyPaths
    }

    /// Whether it has a network namespace of its own, in which sysctls can be set.
    var ownsNetwork: Bool {
        switch specification.network.mode {
        case .bridge, .none: facts.placement != .vm
        case .host, .container: false
        }
    }

    func sysctls() -> [String: String] {
        var sysctls: [String: String] = [:]
        if ownsNetwork {
            let defaults = [
                "net.ipv4.ping_group_range": "0 2147483647", "net.ipv4.ip_unprivileged_port_start": "0",
            ]
            sysctls = defaults.filter { facts.host.sysctls.contains($0.key) }
        }
        return sysctls.merging(specification.sysctls) { $1 }
    }

    func namespaces() -> [JSON] {
        var namespaces: [JSON] = [["type": "mount"]]
        func add(_ type: String, sharedWith process: Int32?) {
            namespaces.append(
                .members([
                    "type": .string(type), "path": process.map { .string("/proc/\($0)/ns/\(type.prefix(3))") },
                ]))
        }
        if specification.utsMode != "host" { add("uts", sharedWith: nil) }
        if specification.pidMode != "host" { add("pid", sharedWith: facts.pidProcess) }
        if specification.ipcMode != "host" { add("ipc", sharedWith: facts.ipcProcess) }
        switch specification.network.mode {
        case .host: break
        case .container: add("network", sharedWith: facts.networkProcess)
        case .bridge, .none:
            // Alone in a machine, the guest's own network namespace is the container's.
            if facts.placement != .vm { add("network", sharedWith: nil) }
        }
        let mode = specification.cgroupNamespaceMode
        if mode == "private" || (mode.isEmpty && facts.host.unifiedCgroups && !security.privileged) {
            add("cgroup", sharedWith: nil)
        }
        return namespaces
    }

    func resources() throws(EngineError) -> JSON {
        let limits = specification.resources
        var memory: [String: JSON] = [:]
        // Alone in a machine, the machine's memory and processors are the limit.
        if facts.placement != .vm {
            memory["limit"] = limits.memory.map { JSON($0) }
            if let swap = limits.memorySwap, swap != 0 {
                memory["swap"] = JSON(swap)
            } else if let limit = limits.memory {
                memory["swap"] = JSON(limit * 2)
            }
            memory["reservation"] = limits.memoryReservation.map { JSON($0) }
            memory["swappiness"] = limits.memorySwappiness.map { JSON($0) }
            if limits.oomKillDisable { memory["disableOOMKiller"] = true }
        }
        var cpu: [String: JSON] = [:]
        if facts.placement != .vm, let nano = limits.nanoProcessors {
            cpu["period"] = 100_000
            cpu["quota"] = JSON(Int64(nano / 10_000))
        }
        if let period = limits.cpuPeriod { cpu["period"] = JSON(period) }
        if let quota = limits.cpuQuota { cpu["quota"] = JSON(quota) }
        cpu["shares"] = limits.cpuShares.map { JSON($0) }
        cpu["cpus"] = limits.cpusetCpus.flatMap { $0.isEmpty ? nil : .string($0) }
        cpu["mems"] = limits.cpusetMems.flatMap { $0.isEmpty ? nil : .string($0) }
        return .members([
            "devices": .array(deviceRules()),
            "memory": memory.isEmpty ? nil : .object(memory),
            "cpu": cpu.isEmpty ? nil : .object(cpu),
            "pids": limits.processes.flatMap { $0 == 0 ? nil : ["limit": JSON($0)] },
            "blockIO": limits.blockWeight.flatMap { $0 == 0 ? nil : ["weight": JSON($0)] },
        ])
    }

    func deviceRules() -> [JSON] {
        if security.privileged { return [["allow": true, "access": "rwm"]] }
        func rule(_ allow: Bool, _ type: String, _ major: Int64, _ minor: Int64, _ access: String = "rwm") -> JSON {
            [
                "allow": .bool(allow), "type": .string(type), "major": JSON(major), "minor": JSON(minor),
                "access": .string(access),
            ]
        }
        var rules: [JSON] = [["allow": false, "access": "rwm"]]
        for (major, minor) in [(1, 5), (1, 3), (1, 9), (1, 8), (5, 0), (5, 1)] as [(Int64, Int64)] {
            rules.append(rule(true, "c", major, minor))
        }
        rules.append(rule(false, "c", 10, 229))
        for device in facts.devices {
            rules.append(rule(true, device.type, device.major, device.minor, device.permissions))
        }
        return rules
    }
}

/// `--security-opt`, as Docker takes them: `key`, `key=value` or, as it once was, `key:value`.
struct SecurityOptions: Sendable, Equatable {
    /// Which seccomp profile.
    enum Seccomp: Sendable, Equatable {
        case builtin, unconfined
        /// In Docker's own format, or the runtime's.
        case profile(String)
    }
    var noNewPrivileges = false
    var seccomp: Seccomp?
    var writableCgroups = false
    /// What is not understood.
    var unknown: [String] = []

    init(_ options: [String]) {
        for option in options {
            let separator = option.firstIndex { $0 == "=" || $0 == ":" }
            let key = separator.map { String(option[..<$0]) } ?? option
            let value = separator.map { String(option[option.index(after: $0)...]) } ?? ""
            switch key {
            case "no-new-privileges": noNewPrivileges = value != "false"
            case "writable-cgroups": writableCgroups = value != "false"
            case "seccomp":
                switch value {
                case "unconfined": seccomp = .unconfined
                case "builtin", "": seccomp = .builtin
                default: seccomp = .profile(value)
                }
            // There is neither AppArmor nor SELinux confinement yet: turning them off is what happens anyway.
            case "apparmor" where value == "unconfined" || value.isEmpty, "label" where value == "disable": break
            default: unknown.append(option)
            }
        }
    }
}
