/// Refuses what Docker refuses too, with its words, before anything is made.
enum SpecificationCheck {
    static func check(_ specification: ContainerSpecification) throws(EngineError) {
        let resources = specification.resources
        if specification.autoRemove && specification.restart != .no {
            throw EngineError(.invalid, "can't create 'AutoRemove' container with restart policy")
        }
        if let memory = resources.memory, memory < 6 << 20 {
            throw EngineError(.invalid, "Minimum memory limit allowed is 6MB")
        }
        if let swap = resources.memorySwap, swap > 0 {
            guard let memory = resources.memory else {
                throw EngineError(
                    .invalid, "You should always set the Memory limit when using Memoryswap limit, see usage")
            }
            guard UInt64(swap) >= memory else {
                throw EngineError(
                    .invalid, "Minimum memoryswap limit should be larger than memory limit, see usage")
            }
        }
        if resources.nanoProcessors != nil, resources.cpuPeriod != nil {
            throw EngineError(.invalid, "Conflicting options: Nano CPUs and CPU Period cannot both be set")
        }
        if resources.nanoProcessors != nil, resources.cpuQuota != nil {
            throw EngineError(.invalid, "Conflicting options: Nano CPUs and CPU Quota cannot both be set")
        }
        _ = try ContainerResolver.capabilities(specification.security)
        if let unknown = SecurityOptions(specification.security.options).unknown.first {
            throw EngineError(.invalid, "invalid --security-opt 2: \"\(unknown)\"")
        }
        _ = try LogOptionsParser.setup(path: "", specification.log)
        guard ["json-file", "none"].contains(specification.log.driver) else {
            throw EngineError(
                .invalid, "logger: no log driver named '\(specification.log.driver)' is registered")
        }
        if let signal = specification.stopSignal { _ = try SignalNames.number(signal) }
        if let directory = specification.workingDirectory, !directory.isEmpty, !directory.hasPrefix("/") {
            throw EngineError(
                .invalid, "the working directory '\(directory)' is invalid, it needs to be an absolute path")
        }
        var targets: Set<String> = []
        for mount in specification.mounts {
            guard mount.target.hasPrefix("/") else {
                throw EngineError(
                    .invalid, "invalid mount config: mount path must be absolute: '\(mount.target)'")
            }
            let target = MountPaths.clean(mount.target)
            guard target != "/" else {
                throw EngineError(.invalid, "invalid specification: destination can't be '/'")
            }
            guard targets.insert(target).inserted else {
                throw EngineError(.invalid, "Duplicate mount point: \(target)")
            }
        }
        if specification.network.mode == .host || isContainer(specification.network.mode) {
            if let hostname = specification.hostname, !hostname.isEmpty, isContainer(specification.network.mode) {
                throw EngineError(
                    .invalid, "conflicting options: hostname and the network mode")
            }
        }
        if specification.isolation != .process { try checkMachine(specification) }
    }

    private static func isContainer(_ mode: NetworkSpecification.Mode) -> Bool {
        if case .container = mode { true } else { false }
    }

    /// What can't be shared across the boundary of a machine.
    private static func checkMachine(_ specification: ContainerSpecification) throws(EngineError) {
        func refuse(_ what: String) -> EngineError {
            EngineError(.invalid, "\(what) can't be had at isolation level vm or machine: it belongs to the host")
        }
        switch specification.network.mode {
        case .host: throw refuse("the host's network")
        case .container: throw refuse("another container's network")
        case .bridge, .none: break
        }
        for (mode, what) in [
            (specification.ipcMode, "the ipc namespace"), (specification.pidMode, "the pid namespace"),
        ] {
            if mode == "host" || mode.hasPrefix("container:") { throw refuse("\(what) '\(mode)'") }
        }
        if !specification.devices.isEmpty { throw refuse("a device") }
    }
}

/// Paths in containers.
enum MountPaths {
    /// Without `.`, `..`, double and last slashes.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }
}
