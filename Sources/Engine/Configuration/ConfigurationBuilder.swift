import OCI

/// Where a container's process is made, as far as its configuration depends on that.
enum Placement: Sendable, Equatable {
    /// On the host's kernel.
    case host
    /// Alone in a machine: the guest's network is its own.
    case vm
    /// In a machine with others.
    case machine
}

/// What is known only when a container starts.
struct LaunchFacts: Sendable, Equatable {
    /// Where.
    var placement = Placement.host
    /// Of the kernel that runs it.
    var host = HostFacts()
    /// The cgroup that its own is made in.
    var cgroupParent = "/bulkhead"
    /// First processes of the containers whose namespaces it shares.
    var networkProcess: Int32?
    var ipcProcess: Int32?
    var pidProcess: Int32?
    /// Devices of the host, looked up.
    var devices: [DeviceNode] = []
    /// Sources of its mounts where they differ from the host's, by target: in a guest.
    var sources: [String: String] = [:]
    /// The program that runs as the container's first process and reaps, where one is asked for.
    var initProgram: String?
}

/// A device file.
struct DeviceNode: Sendable, Equatable {
    var path: String
    /// `c` or `b`.
    var type: String
    var major: Int64
    var minor: Int64
    var mode: UInt32
    var user: UInt32
    var group: UInt32
    /// Of `r`, `w`, `m`.
    var permissions: String
}

/// Makes the OCI `config.json` of a container. Pure: the same values give the same text.
struct ConfigurationBuilder: Sendable {
    let id: String
    let specification: ContainerSpecification
    let resolved: ResolvedContainer
    let facts: LaunchFacts

    /// Where the program of `--init` is in a container.
    static let initTarget = "/sbin/docker-init"

    var security: SecuritySpecification { specification.security }

    /// The whole document.
    func build() throws(EngineError) -> JSON {
        let process = try process()
        return .members([
            "ociVersion": "1.2.0",
            "process": process,
            "root": ["path": "rootfs", "readonly": .bool(security.readOnlyRoot)],
            "hostname": specification.utsMode == "host" ? nil : .string(resolved.hostname),
            "domainname": specification.domainname.flatMap { $0.isEmpty ? nil : .string($0) },
            "mounts": .array(mounts()),
            "annotations": JSON(annotations()),
            "linux": try linux(),
        ])
    }

    /// Groups by name are looked up in the container, where they are known, by whoever makes it.
    private func annotations() -> [String: String] {
        let names = security.additionalGroups.filter { UInt32($0) == nil }
        guard !names.isEmpty else { return specification.annotations }
        return specification.annotations.merging(["org.bulkhead.groups": names.joined(separator: ",")]) { $1 }
    }

    private func process() throws(EngineError) -> JSON {
        let names = try ContainerResolver.capabilities(security, last: facts.host.lastCapability)
        let capabilities = JSON(names)
        let numericGroups = security.additionalGroups.compactMap { UInt32($0) }
        var arguments = resolved.arguments
        if facts.initProgram != nil { arguments = [ConfigurationBuilder.initTarget, "--"] + arguments }
        return .members([
            "terminal": specification.terminal ? true : nil,
            "consoleSize": specification.terminal && specification.consoleRows > 0
                ? ["height": JSON(specification.consoleRows), "width": JSON(specification.consoleColumns)] : nil,
            "user": .members([
                "uid": 0, "gid": 0, "username": resolved.user.isEmpty ? nil : .string(resolved.user),
                "additionalGids": numericGroups.isEmpty ? nil : .array(numericGroups.map { JSON($0) }),
            ]),
            "args": JSON(arguments),
            "env": JSON(ContainerResolver.processEnvironment(resolved, terminal: specification.terminal)),
            "cwd": .string(resolved.workingDirectory.isEmpty ? "/" : resolved.workingDirectory),
            "capabilities": ["bounding": capabilities, "effective": capabilities, "permitted": capabilities],
            "rlimits": specification.resources.ulimits.isEmpty
                ? nil
                : .array(
                    specification.resources.ulimits.map { limit in
                        [
                            "type": .string("RLIMIT_" + limit.name.uppercased()), "soft": JSON(limit.soft),
                            "hard": JSON(limit.hard),
                        ]
                    }),
            "noNewPrivileges": .bool(SecurityOptions(security.options).noNewPrivileges),
            "oomScoreAdj": specification.resources.oomScoreAdjustment.map { JSON($0) },
        ])
    }

    private func linux() throws(EngineError) -> JSON {
        let devices = facts.devices.map { device -> JSON in
            [
                "path": .string(device.path), "type": .string(device.type), "major": JSON(device.major),
                "minor": JSON(device.minor), "fileMode": JSON(device.mode), "uid": JSON(device.user),
                "gid": JSON(device.group),
            ]
        }
        let sysctls = self.sysctls()
        return .members([
            "cgroupsPath": .string("\(facts.cgroupParent)/\(id)"),
            "namespaces": .array(namespaces()),
            "devices": devices.isEmpty ? nil : .array(devices),
            "resources": try resources(),
            "sysctl": sysctls.isEmpty ? nil : JSON(sysctls),
            "maskedPaths": JSON(maskedPaths()),
            "readonlyPaths": JSON(readOnlyPaths()),
        ])
    }
}
