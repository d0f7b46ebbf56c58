import DockerModels
import Engine

extension CreationTranslator {
    /// What inspect gives back: the client's words, with every member there and the defaults resolved.
    func normalized(_ made: ContainerSpecification) -> ContainerCreation {
        var config = config
        config.hostname = config.hostname ?? ""
        config.domainname = config.domainname ?? ""
        config.user = config.user ?? ""
        config.attachStdin = config.attachStdin ?? false
        config.attachStdout = config.attachStdout ?? false
        config.attachStderr = config.attachStderr ?? false
        config.tty = made.terminal
        config.openStdin = made.openStandardInput
        config.stdinOnce = made.standardInputOnce
        config.workingDir = config.workingDir ?? ""
        return ContainerCreation(
            config: config, hostConfig: normalizedHost(made), networkingConfig: creation.networkingConfig)
    }

    private func normalizedHost(_ made: ContainerSpecification) -> HostConfig {
        var host = host
        host.containerIDFile = host.containerIDFile ?? ""
        host.logConfig = LogConfig(type: made.log.driver, config: made.log.options)
        let mode = host.networkMode ?? ""
        host.networkMode = mode.isEmpty || mode == "default" ? "bridge" : mode
        host.portBindings = host.portBindings ?? [:]
        host.restartPolicy = RestartPolicyConfig(
            name: host.restartPolicy?.name.nonEmpty ?? "no",
            maximumRetryCount: host.restartPolicy?.maximumRetryCount ?? 0)
        host.autoRemove = made.autoRemove
        host.volumeDriver = host.volumeDriver ?? ""
        host.consoleSize = [made.consoleRows, made.consoleColumns]
        host.cgroupnsMode = host.cgroupnsMode.nonEmpty ?? "private"
        host.ipcMode = host.ipcMode.nonEmpty ?? "private"
        host.pidMode = host.pidMode ?? ""
        host.utsMode = host.utsMode ?? ""
        host.usernsMode = host.usernsMode ?? ""
        host.cgroup = host.cgroup ?? ""
        host.cgroupParent = host.cgroupParent ?? ""
        host.privileged = made.security.privileged
        host.publishAllPorts = made.network.publishAll
        host.readonlyRootfs = made.security.readOnlyRoot
        host.runtime = host.runtime.nonEmpty ?? RuntimeNames.usual
        host.isolation = made.isolation == .process ? host.isolation ?? "" : made.isolation.text
        host.shmSize = Int64(clamping: made.sharedMemorySize ?? 64 << 20)
        host.oomScoreAdj = host.oomScoreAdj ?? 0
        host.oomKillDisable = host.oomKillDisable ?? false
        host.memorySwappiness = host.memorySwappiness == -1 ? nil : host.memorySwappiness
        host.cpusetCpus = host.cpusetCpus ?? ""
        host.cpusetMems = host.cpusetMems ?? ""
        host.blkioWeight = host.blkioWeight ?? 0
        let numbers: [WritableKeyPath<HostConfig, Int64?>] = [
            \.cpuShares, \.memory, \.nanoCpus, \.cpuPeriod, \.cpuQuota, \.cpuRealtimePeriod, \.cpuRealtimeRuntime,
            \.memoryReservation, \.memorySwap, \.cpuCount, \.cpuPercent, \.ioMaximumIOps, \.ioMaximumBandwidth,
        ]
        for number in numbers { host[keyPath: number] = host[keyPath: number] ?? 0 }
        if host.memorySwap == 0, let memory = host.memory, memory > 0 { host.memorySwap = memory &* 2 }
        if host.pidsLimit == 0 { host.pidsLimit = nil }
        return host
    }
}
