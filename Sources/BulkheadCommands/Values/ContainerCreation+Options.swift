internal import DockerModels
internal import Linux

extension CreateOptions {
    /// The request that makes the container.
    ///
    /// - Parameters:
    ///   - lookup: the value of an environment variable here
    ///   - directory: what relative paths of the host begin from
    func creation(
        environment lookup: (String) -> String?, directory: String
    ) throws(CommandError) -> ContainerCreation {
        let (image, command) = try imageAndCommand()
        var config = try processConfig(environment: lookup)
        config.image = image
        config.cmd = command.isEmpty ? nil : StringList(command)
        config.exposedPorts = [:]
        for text in network.expose {
            for port in try PublishedPort.parse(exposed: text) { config.exposedPorts?[port] = Empty() }
        }
        var host = try hostConfig(directory: directory)
        let (binds, anonymous) = MountValues.split(mounts.volumes, directory: directory)
        host.binds = binds.isEmpty ? nil : binds
        config.volumes = Dictionary(anonymous.map { ($0, Empty()) }) { $1 }
        for text in network.publish {
            for port in try PublishedPort.parse(text) {
                config.exposedPorts?[port.containerPort] = Empty()
                let binding = PortBinding(hostIP: port.address, hostPort: port.hostPort)
                host.portBindings?[port.containerPort, default: []]?.append(binding)
            }
        }
        if config.exposedPorts?.isEmpty == true { config.exposedPorts = nil }
        return ContainerCreation(config: config, hostConfig: host, networkingConfig: networkingConfig())
    }

    private func processConfig(environment lookup: (String) -> String?) throws(CommandError) -> ContainerConfig {
        var config = ContainerConfig()
        config.hostname = network.hostname ?? ""
        config.domainname = network.domainname ?? ""
        config.user = process.user ?? ""
        config.workingDir = process.workingDirectory ?? ""
        config.entrypoint = process.entrypoint.map { StringList($0.isEmpty ? [""] : [$0]) }
        config.tty = process.terminal
        config.openStdin = process.interactive
        let streams = try AttachedStreams(options: process)
        config.attachStdin = streams.input
        config.attachStdout = streams.output
        config.attachStderr = streams.error
        config.stdinOnce = process.interactive && streams.input
        var variables: [String] = []
        for file in process.environmentFiles { variables += try KeyValue.lines(ofFile: file) }
        let environment = try KeyValue.resolve(environment: variables + process.environment, from: lookup)
        config.env = environment.isEmpty ? nil : environment
        var labels: [String] = []
        for file in container.labelFiles { labels += try KeyValue.lines(ofFile: file) }
        config.labels = KeyValue.dictionary(labels + container.labels)
        config.stopSignal = process.stopSignal
        config.stopTimeout = process.stopTimeout
        return config
    }

    private func networkingConfig() -> NetworkingConfig {
        let mode = network.network ?? "default"
        guard !["none", "host"].contains(mode), !mode.hasPrefix("container:") else {
            return NetworkingConfig(endpointsConfig: [:])
        }
        var endpoint = EndpointSettings()
        endpoint.macAddress = network.hardwareAddress ?? ""
        endpoint.aliases = network.aliases.isEmpty ? nil : network.aliases
        return NetworkingConfig(endpointsConfig: [mode: endpoint])
    }
}

/// Which streams the client attaches to.
struct AttachedStreams {
    var input = false
    var output = false
    var error = false

    /// As `--attach` says; without it, output and error, and with `--interactive` input too.
    init(options: ProcessOptions) throws(CommandError) {
        guard !options.attach.isEmpty else {
            input = options.interactive
            output = true
            error = true
            return
        }
        for stream in options.attach {
            switch stream.lowercased() {
            case "stdin": input = true
            case "stdout": output = true
            case "stderr": error = true
            default: throw .usage("--attach takes stdin, stdout or stderr, not \(stream)")
            }
        }
    }
}
