internal import DockerModels
internal import Linux

extension CreateOptions {
    /// The part of the request that depends on the host.
    func hostConfig(directory: String) throws(CommandError) -> HostConfig {
        var host = HostConfig()
        host.containerIDFile = container.identifierFile ?? ""
        host.logConfig = LogConfig(
            type: container.logDriver ?? "", config: KeyValue.dictionary(container.logOptions))
        host.networkMode = network.network ?? "default"
        host.portBindings = [:]
        host.publishAllPorts = network.publishAll
        host.restartPolicy = try restartPolicy()
        host.autoRemove = container.remove
        host.annotations = container.annotations.isEmpty ? nil : KeyValue.dictionary(container.annotations)
        host.isolation = try isolationLevel()
        host.runtime = isolation.runtime
        host.initProcess = process.initProcess ? true : nil
        host.groupAdd = process.groups.isEmpty ? nil : process.groups
        host.consoleSize = [0, 0]
        host.dns = network.nameServers
        host.dnsSearch = network.searchDomains
        host.dnsOptions = network.resolverOptions
        host.extraHosts = network.hosts.isEmpty ? nil : network.hosts
        host.volumesFrom = mounts.volumesFrom.isEmpty ? nil : mounts.volumesFrom
        host.volumeDriver = mounts.volumeDriver ?? ""
        host.readonlyRootfs = mounts.readOnly
        host.tmpfs = mounts.tmpfs.isEmpty ? nil : MountValues.tmpfs(mounts.tmpfs)
        var long: [MountConfig] = []
        for text in mounts.mounts { long.append(try MountOption.parse(text)) }
        host.mounts = long.isEmpty ? nil : long
        try limit(&host)
        try secure(&host)
        return host
    }

    private func isolationLevel() throws(CommandError) -> String {
        guard let machine = isolation.machine else { return isolation.isolation ?? "" }
        let level = "machine:\(machine)"
        if let other = isolation.isolation, other != level {
            throw .usage("--machine \(machine) and --isolation \(other) contradict each other")
        }
        return level
    }

    private func restartPolicy() throws(CommandError) -> RestartPolicyConfig {
        guard let text = container.restart, !text.isEmpty else {
            return RestartPolicyConfig(name: "no", maximumRetryCount: 0)
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var retries = 0
        if parts.count == 2 {
            guard parts[0] == "on-failure", let count = Int(parts[1]), count >= 0 else {
                throw .usage("invalid restart policy \"\(text)\": only on-failure has a number of retries")
            }
            retries = count
        }
        guard ["no", "always", "unless-stopped", "on-failure"].contains(parts[0]) else {
            throw .usage("invalid restart policy \"\(text)\": expected no, always, unless-stopped or on-failure[:N]")
        }
        if container.remove && parts[0] != "no" { throw .usage("--rm and --restart contradict each other") }
        return RestartPolicyConfig(name: parts[0], maximumRetryCount: retries)
    }

    private func limit(_ host: inout HostConfig) throws(CommandError) {
        host.memory = try ByteSize.parse(resources.memory, option: "--memory") ?? 0
        host.memorySwap =
            resources.memorySwap == "-1"
            ? -1 : try ByteSize.parse(resources.memorySwap, option: "--memory-swap") ?? 0
        host.memoryReservation = try ByteSize.parse(resources.memoryReservation, option: "--memory-reservation") ?? 0
        host.memorySwappiness = resources.memorySwappiness ?? -1
        host.oomKillDisable = resources.oomKillDisable
        host.oomScoreAdj = resources.oomScoreAdjustment ?? 0
        host.nanoCpus = try ResourceValues.nanoProcessors(resources.processors)
        host.cpuShares = resources.cpuShares ?? 0
        host.cpuPeriod = resources.cpuPeriod ?? 0
        host.cpuQuota = resources.cpuQuota ?? 0
        host.cpusetCpus = resources.cpusetCpus ?? ""
        host.cpusetMems = resources.cpusetMems ?? ""
        host.blkioWeight = resources.blockWeight ?? 0
        host.pidsLimit = resources.processLimit ?? 0
        host.shmSize = try ByteSize.parse(resources.sharedMemorySize, option: "--shm-size") ?? 0
        host.cgroupParent = resources.cgroupParent ?? ""
        var limits: [UlimitConfig] = []
        for text in resources.ulimits { limits.append(try ResourceValues.ulimit(text)) }
        host.ulimits = limits
    }

    private func secure(_ host: inout HostConfig) throws(CommandError) {
        host.privileged = security.privileged
        host.capAdd = SecurityValues.capabilities(security.capabilitiesAdded)
        host.capDrop = SecurityValues.capabilities(security.capabilitiesDropped)
        host.securityOpt = try SecurityValues.options(security.options)
        var devices: [DeviceConfig] = []
        for text in security.devices { devices.append(try SecurityValues.device(text)) }
        host.devices = devices
        host.deviceCgroupRules = security.deviceRules.isEmpty ? nil : security.deviceRules
        host.sysctls = security.sysctls.isEmpty ? nil : KeyValue.dictionary(security.sysctls)
        host.ipcMode = security.ipcMode ?? ""
        host.pidMode = security.pidMode ?? ""
        host.utsMode = security.utsMode ?? ""
        host.usernsMode = security.userMode ?? ""
        host.cgroupnsMode = security.cgroupMode ?? ""
    }
}
