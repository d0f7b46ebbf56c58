import Linux

/// What has been created, and what its creator should know.
public struct CreatedContainer: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public var id: String
    /// What was asked for and can't be had.
    public var warnings: [String]
}

extension Engine {
    /// Creates a container; nothing runs yet. One transaction records it; what was made before that is undone where it
    /// fails, and swept where the daemon dies.
    public func create(_ specification: ContainerSpecification) async throws(EngineError) -> CreatedContainer {
        let image = try await images.defaults(named: specification.image)
        try SpecificationCheck.check(specification)
        if case .machine(let name) = specification.isolation, (try? findMachine(name)) == nil {
            throw EngineError(
                .invalid, "no such machine: \(name): make it with `bulkhead machine create \(name)` and start it")
        }
        var specification = specification
        let id = Identifier.random()
        specification.ipcMode = try resolve(mode: specification.ipcMode)
        specification.pidMode = try resolve(mode: specification.pidMode)
        let (resolved, newVolumes) = try resolve(specification, image, id: id)
        // The name is checked last and taken at once: nothing is awaited in between.
        let name = try availableName(specification.name)
        let record = ContainerRecord(
            id: id, name: name, created: Timestamp.now, specification: specification, resolved: resolved,
            life: ContainerLife())
        do {
            try Files.makeDirectory(paths.container(id), mode: 0o710)
            for volume in newVolumes { try Files.makeDirectories(volume.mountpoint) }
        } catch {
            undoCreate(id, newVolumes)
            throw EngineError(.internal, "create the folder of container \(id): \(error)")
        }
        do throws(EngineError) {
            try database.insert(record, volumes: newVolumes)
        } catch {
            undoCreate(id, newVolumes)
            throw error
        }
        let container = ManagedContainer(record)
        containers[id] = container
        names[name] = id
        for volume in newVolumes {
            volumesByName[volume.name] = volume
            publishVolume("create", volume.name, ["driver": "local"])
        }
        publish(container, "create")
        return CreatedContainer(id: id, warnings: warnings(specification))
    }

    private func undoCreate(_ id: String, _ volumes: [VolumeRecord]) {
        Trees.remove(paths.container(id), logger)
        for volume in volumes { Trees.remove(paths.volume(volume.name), logger) }
    }

    private func warnings(_ specification: ContainerSpecification) -> [String] {
        var warnings: [String] = []
        if specification.network.mode == .host, !specification.network.ports.isEmpty {
            warnings.append("Published ports are discarded when using host network mode")
        }
        if specification.resources.oomKillDisable {
            warnings.append("OomKillDisable is only honoured where the kernel has cgroup version 1")
        }
        return warnings
    }

    /// `container:NAME` with the container's identifier in place of what the client wrote.
    private func resolve(mode: String) throws(EngineError) -> String {
        guard mode.hasPrefix("container:") else { return mode }
        return "container:" + (try findPartner(String(mode.dropFirst("container:".count)))).id
    }

    /// A container whose namespace is to be shared. That there is none is the request's fault: `notFound` would make
    /// clients look for the image.
    private func findPartner(_ name: String) throws(EngineError) -> ManagedContainer {
        do { return try find(name) } catch { throw EngineError(.invalid, error.message) }
    }

    /// Everything that is decided at creation.
    private func resolve(_ specification: ContainerSpecification, _ image: ImageDefaults, id: String)
        throws(EngineError) -> (ResolvedContainer, [VolumeRecord])
    {
        let (entrypoint, command) = try ContainerResolver.arguments(specification, image)
        let home = paths.container(id)
        var networkContainer: String?
        if case .container(let name) = specification.network.mode { networkContainer = try findPartner(name).id }
        let (mounts, volumes) = try resolveMounts(specification, image)
        var hostname = specification.hostname ?? ""
        if hostname.isEmpty {
            if let networkContainer {
                hostname = containers[networkContainer]?.record.resolved.hostname ?? ""
            } else if specification.network.mode == .host || specification.utsMode == "host" {
                hostname = host.hostname
            }
        }
        // In another's network it has that one's files.
        let files = networkContainer.map { paths.container($0) } ?? home
        let exposed = image.exposedPorts + specification.network.exposed + specification.network.ports.map(\.port)
        let resolved = ResolvedContainer(
            imageID: image.id, arguments: entrypoint + command,
            environment: ContainerResolver.environment(image.environment, adding: specification.environment),
            workingDirectory: specification.workingDirectory ?? image.workingDirectory,
            user: specification.user ?? image.user,
            hostname: hostname.isEmpty ? Identifier.short(id) : hostname,
            labels: image.labels.merging(specification.labels) { $1 }, entrypoint: entrypoint, command: command,
            stopSignal: specification.stopSignal ?? image.stopSignal ?? "SIGTERM",
            exposedPorts: Array(Set(exposed)).sorted {
                ($0.number, $0.transport.rawValue) < ($1.number, $1.transport.rawValue)
            },
            mounts: mounts, networkContainer: networkContainer, hostsPath: files + "/hosts",
            hostnamePath: files + "/hostname", resolverPath: files + "/resolv.conf",
            logPath: specification.log.driver == "none" ? "" : "\(home)/\(id)-json.log")
        return (resolved, volumes)
    }
}
