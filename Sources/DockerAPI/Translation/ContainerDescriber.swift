import DockerModels
import Engine
import OCI

/// Says of a container what clients want to know.
struct ContainerDescriber {
    let container: ContainerRecord
    /// The identifier of its network, or empty.
    let networkID: String

    /// For `GET /containers/json`.
    func summary(now: Int64) -> ContainerSummary {
        var summary = ContainerSummary(id: container.id)
        let resolved = container.resolved
        summary.names = ["/" + container.name]
        summary.image = container.specification.image
        summary.imageID = resolved.imageID
        summary.command = resolved.arguments.joined(separator: " ")
        summary.created = container.created / 1_000_000_000
        summary.ports = ports()
        summary.labels = resolved.labels
        summary.state = container.state.status.rawValue
        summary.status = status(now: now)
        summary.hostConfig = .init(
            networkMode: container.networkName,
            isolation: container.specification.isolation == .process ? nil : container.specification.isolation.text,
            annotations: container.specification.annotations.isEmpty ? nil : container.specification.annotations)
        summary.networkSettings = .init(networks: networks())
        summary.mounts = mounts()
        return summary
    }

    /// `Up 5 minutes`, `Exited (0) 3 seconds ago`.
    func status(now: Int64) -> String {
        let state = container.state
        let sinceStart = HumanDuration.text(nanoseconds: now - state.startedAt)
        let sinceEnd = HumanDuration.text(nanoseconds: now - state.finishedAt)
        switch state.status {
        case .created: return "Created"
        case .running: return "Up \(sinceStart)"
        case .paused: return "Up \(sinceStart) (Paused)"
        case .restarting: return "Restarting (\(state.exitCode)) \(sinceEnd) ago"
        case .removing: return "Removal In Progress"
        case .dead: return "Dead"
        case .exited: return state.finishedAt == 0 ? "Created" : "Exited (\(state.exitCode)) \(sinceEnd) ago"
        }
    }

    /// For `GET /containers/{id}/json`.
    func inspection(execs: [String]) throws -> ContainerInspection {
        let resolved = container.resolved
        let words = try DockerJSON.decode(ContainerCreation.self, from: container.specification.document)
        var made = ContainerInspection()
        made.id = container.id
        made.created = RFC3339.text(container.created)
        made.path = resolved.arguments.first ?? ""
        made.args = Array(resolved.arguments.dropFirst())
        made.state = state()
        made.image = resolved.imageID
        made.resolvConfPath = resolved.resolverPath
        made.hostnamePath = resolved.hostnamePath
        made.hostsPath = resolved.hostsPath
        made.logPath = resolved.logPath
        made.name = "/" + container.name
        made.restartCount = container.restartCount
        made.driver = "overlay2"
        made.platform = "linux"
        made.mountLabel = ""
        made.processLabel = ""
        made.appArmorProfile = ""
        made.execIDs = execs.isEmpty ? nil : execs
        made.hostConfig = words.hostConfig ?? HostConfig()
        if let network = resolved.networkContainer { made.hostConfig?.networkMode = "container:\(network)" }
        made.graphDriver = .object(["Name": "overlay2", "Data": .null])
        made.mounts = mounts()
        made.config = config(words.config)
        made.networkSettings = networkSettings()
        return made
    }

    private func state() -> ContainerInspection.State {
        let state = container.state
        var made = ContainerInspection.State()
        made.status = state.status.rawValue
        made.running = state.isRunning || state.isRestarting
        made.paused = state.isPaused
        made.restarting = state.isRestarting
        made.oomKilled = state.outOfMemory
        made.dead = false
        made.pid = Int(state.process)
        made.exitCode = Int(state.exitCode)
        made.error = state.error
        made.startedAt = RFC3339.text(state.startedAt)
        made.finishedAt = RFC3339.text(state.finishedAt)
        return made
    }

    private func config(_ words: ContainerConfig) -> ContainerConfig {
        let resolved = container.resolved
        var config = words
        config.hostname = resolved.hostname
        config.user = resolved.user
        config.env = resolved.environment
        config.cmd = StringList(resolved.command)
        config.entrypoint = resolved.entrypoint.isEmpty ? nil : StringList(resolved.entrypoint)
        config.workingDir = resolved.workingDirectory
        config.labels = resolved.labels
        config.exposedPorts =
            resolved.exposedPorts.isEmpty
            ? nil : Members(resolved.exposedPorts.map { ($0.text, Empty()) }, uniquingKeysWith: { first, _ in first })
        if words.stopSignal == nil, resolved.stopSignal != "SIGTERM" { config.stopSignal = resolved.stopSignal }
        return config
    }

    private func mounts() -> [MountPoint] {
        container.resolved.mounts.map { mount in
            var point = MountPoint()
            point.type = mount.kind.rawValue
            point.name = mount.name.isEmpty ? nil : mount.name
            point.source = mount.source
            point.destination = mount.target
            point.driver = mount.kind == .volume ? "local" : nil
            point.mode = mount.readOnly ? "ro" : ""
            point.rw = !mount.readOnly
            point.propagation = mount.propagation
            return point
        }
    }

    private func ports() -> [ContainerSummary.Port] {
        var ports = container.publishedPorts.map { published in
            ContainerSummary.Port(
                ip: published.hostAddress, privatePort: published.port.number, publicPort: published.hostPort,
                type: published.port.transport.rawValue)
        }
        guard container.state.isRunning else { return ports }
        let shown = Set(container.publishedPorts.map(\.port))
        for port in container.resolved.exposedPorts where !shown.contains(port) {
            ports.append(.init(privatePort: port.number, type: port.transport.rawValue))
        }
        return ports
    }

    private func networks() -> [String: EndpointSettings] {
        if case .container = container.specification.network.mode { return [:] }
        var settings = EndpointSettings()
        settings.networkID = networkID
        settings.endpointID = container.endpoint?.id ?? ""
        settings.gateway = container.endpoint?.gateway ?? ""
        settings.ipAddress = container.endpoint?.address ?? ""
        settings.ipPrefixLen = container.endpoint?.prefixLength ?? 0
        settings.macAddress = container.endpoint?.hardwareAddress ?? ""
        settings.ipv6Gateway = ""
        settings.globalIPv6Address = ""
        settings.globalIPv6PrefixLen = 0
        settings.gwPriority = 0
        return [container.networkName: settings]
    }

    private func networkSettings() -> NetworkSettings {
        let endpoint = container.endpoint
        var settings = NetworkSettings()
        settings.bridge = ""
        settings.sandboxID = container.state.isRunning ? container.id : ""
        settings.sandboxKey = ""
        settings.hairpinMode = false
        settings.linkLocalIPv6Address = ""
        settings.linkLocalIPv6PrefixLen = 0
        settings.endpointID = endpoint?.id ?? ""
        settings.gateway = endpoint?.gateway ?? ""
        settings.ipAddress = endpoint?.address ?? ""
        settings.ipPrefixLen = endpoint?.prefixLength ?? 0
        settings.macAddress = endpoint?.hardwareAddress ?? ""
        settings.ipv6Gateway = ""
        settings.globalIPv6Address = ""
        settings.globalIPv6PrefixLen = 0
        var ports: [String: [PortBinding]?] = [:]
        if container.state.isRunning {
            for port in container.resolved.exposedPorts { ports[port.text] = .some(nil) }
            for published in container.publishedPorts {
                let binding = PortBinding(hostIP: published.hostAddress, hostPort: String(published.hostPort))
                ports[published.port.text] = (ports[published.port.text].flatMap { $0 } ?? []) + [binding]
            }
        }
        settings.ports = ports
        settings.networks = networks()
        return settings
    }
}
