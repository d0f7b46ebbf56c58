import DockerModels
import Engine
import NIOHTTP1

/// Turns what a client asks for into what the engine makes of it. What can't be honoured is refused by name.
struct CreationTranslator {
    let creation: ContainerCreation
    let config: ContainerConfig
    let host: HostConfig

    init(_ creation: ContainerCreation) {
        self.creation = creation
        config = creation.config
        host = creation.hostConfig ?? HostConfig()
    }

    /// What the engine is asked for.
    func specification(name: String?) throws -> ContainerSpecification {
        guard let image = config.image, !image.isEmpty else {
            throw APIError(.badRequest, "config cannot be empty in order to create a container: Image is missing")
        }
        try UnsupportedFields.check(creation)
        var made = ContainerSpecification(image: image)
        made.name = name.flatMap { $0.isEmpty ? nil : $0.first == "/" ? String($0.dropFirst()) : $0 }
        made.isolation = try Isolation(isolation: host.isolation ?? "", runtime: host.runtime ?? "")
        try process(&made)
        made.mounts = try MountTranslator(config: config, host: host).mounts()
        made.network = try NetworkTranslator(creation).network()
        made.resources = try ResourceTranslator(host).limits()
        made.sharedMemorySize = try ResourceTranslator.positive(host.shmSize, "ShmSize")
        security(&made)
        made.ipcMode = host.ipcMode ?? ""
        made.pidMode = host.pidMode ?? ""
        made.utsMode = host.utsMode ?? ""
        made.cgroupNamespaceMode = host.cgroupnsMode ?? ""
        made.cgroupParent = host.cgroupParent.nonEmpty
        made.initProcess = host.initProcess ?? false
        made.sysctls = host.sysctls ?? [:]
        made.annotations = host.annotations ?? [:]
        made.restart = try restart()
        made.autoRemove = host.autoRemove ?? false
        made.log = try log()
        made.document = try DockerJSON.encode(normalized(made))
        return made
    }

    private func process(_ made: inout ContainerSpecification) throws(APIError) {
        made.entrypoint = config.entrypoint?.strings
        // An empty command is the image's; only an entry point can be taken away.
        made.command = config.cmd.flatMap { $0.strings.isEmpty ? nil : $0.strings }
        for variable in config.env ?? [] where variable.isEmpty || variable.first == "=" {
            throw APIError(.badRequest, "invalid environment variable: \(variable)")
        }
        made.environment = config.env ?? []
        made.workingDirectory = config.workingDir.nonEmpty
        made.user = config.user.nonEmpty
        made.hostname = config.hostname.nonEmpty
        made.domainname = config.domainname.nonEmpty
        made.terminal = config.tty ?? false
        if let size = host.consoleSize, size.count == 2 {
            made.consoleRows = size[0]
            made.consoleColumns = size[1]
        }
        made.openStandardInput = config.openStdin ?? false
        made.standardInputOnce = config.stdinOnce ?? false
        made.stopSignal = config.stopSignal.nonEmpty
        made.stopTimeout = config.stopTimeout
        made.labels = config.labels ?? [:]
    }

    private func security(_ made: inout ContainerSpecification) {
        made.security.privileged = host.privileged ?? false
        made.security.capabilitiesAdded = host.capAdd ?? []
        made.security.capabilitiesDropped = host.capDrop ?? []
        made.security.options = host.securityOpt ?? []
        made.security.readOnlyRoot = host.readonlyRootfs ?? false
        made.security.maskedPaths = host.maskedPaths
        made.security.readOnlyPaths = host.readonlyPaths
        made.security.additionalGroups = host.groupAdd ?? []
        made.devices = (host.devices ?? []).map { device in
            DeviceSpecification(
                hostPath: device.pathOnHost ?? "",
                containerPath: device.pathInContainer.nonEmpty ?? device.pathOnHost ?? "",
                permissions: device.cgroupPermissions.nonEmpty ?? "rwm")
        }
    }

    private func restart() throws(APIError) -> RestartPolicy {
        let retries = host.restartPolicy?.maximumRetryCount ?? 0
        let name = host.restartPolicy?.name ?? ""
        if retries != 0 && name != "on-failure" {
            throw APIError(
                .badRequest,
                "invalid restart policy: maximum retry count can only be used with 'on-failure'"
                    + (retries < 0 ? " and cannot be negative" : ""))
        }
        switch name {
        case "", "no": return .no
        case "always": return .always
        case "unless-stopped": return .unlessStopped
        case "on-failure":
            guard retries >= 0 else {
                throw APIError(.badRequest, "invalid restart policy: maximum retry count cannot be negative")
            }
            return .onFailure(maximumRetries: retries)
        default:
            throw APIError(
                .badRequest,
                "invalid restart policy: unknown policy '\(name)'; "
                    + "use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
    }

    private func log() throws(APIError) -> LogSpecification {
        var log = LogSpecification()
        log.driver = host.logConfig?.type.nonEmpty ?? "json-file"
        log.options = host.logConfig?.config ?? [:]
        guard ["json-file", "none"].contains(log.driver) else {
            throw APIError(.badRequest, "logger: no log driver named '\(log.driver)' is registered")
        }
        return log
    }
}

extension String? {
    /// The text, unless it is absent or empty.
    var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
