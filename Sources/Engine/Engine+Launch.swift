import Logging
import Linux
import OCI
import Wire

extension Engine {
    /// Starts its program; fails with `notModified` where it runs already.
    public func start(_ name: String) async throws(EngineError) {
        let container = try find(name)
        guard !isShuttingDown else { throw EngineError(.unavailable, "the daemon is shutting down") }
        await container.gate.enter()
        defer { container.gate.leave() }
        guard containers[container.id] === container else { throw .noSuchContainer(name) }
        try await apply(.start, container)
    }

    /// Makes the container's process. Undone where it fails; the state says then why.
    func launch(_ container: ManagedContainer) async throws(EngineError) {
        do {
            let process = try await run(container)
            try await apply(.started(process: process, at: Timestamp.now), container)
        } catch {
            await abandonMonitor(container)
            for ticket in container.tickets { ticket.resolve(.failure(error)) }
            container.tickets = []
            let input = ContainerInput.startFailed(
                exitCode: exitCode(of: error), message: error.message, at: Timestamp.now)
            do { try await apply(input, container) } catch { logger.error("\(container.id): \(error)") }
            throw error
        }
    }

    private func exitCode(of error: EngineError) -> Int32 {
        switch error.kind {
        case .commandNotFound: 127
        case .commandNotExecutable: 126
        default: 128
        }
    }

    private func run(_ container: ManagedContainer) async throws(EngineError) -> Int32 {
        if let ending = container.endingMonitor {
            await ending.waitUntilClosed()
            container.endingMonitor = nil
        }
        await container.endingMachine?.value
        container.endingMachine = nil
        let connection = try await reserveNetwork(container)
        let home = try await prepareHome(of: container, connection)
        let setup = try containerSetup(container, home)
        let monitor = try launcher.launch(
            name: container.id, directory: paths.monitor(container.id), handlers: handlers(container.id))
        container.monitor = monitor
        guard case .created(let process) = try await monitor.request(.create(setup)) else {
            throw EngineError(.internal, "the monitor did not answer with a process")
        }
        try await connectNetwork(container, connection, process)
        try await attachTickets(container, monitor)
        try await monitor.request(.start(interfaces: connection.interfaces))
        if connection.endpoint != nil { publishNetwork("connect", container) }
        return process
    }

    /// What the engine wants to hear of the monitor of a container.
    func handlers(_ id: String) -> MonitorClient.Handlers {
        MonitorClient.Handlers(
            ended: { [weak self] monitor, end in Task { await self?.ended(id, monitor, end) } },
            outOfMemory: { [weak self] monitor in Task { await self?.outOfMemory(id, monitor) } },
            execEnded: { [weak self] _, exec, record in Task { await self?.execEnded(exec, record) } })
    }

    /// Everything that the monitor needs to know.
    private func containerSetup(_ container: ManagedContainer, _ home: ContainerHome) throws(EngineError)
        -> ContainerSetup
    {
        let record = container.record
        let specification = record.specification
        let builder = ConfigurationBuilder(
            id: record.id, specification: specification, resolved: record.resolved, facts: home.facts)
        let capabilities = try ContainerResolver.capabilities(
            specification.security, last: home.facts.host.lastCapability)
        let release = home.facts.host.kernelRelease
        var document = try builder.build()
        if let settings = try filters.settings(
            specification.security, capabilities: capabilities, kernelRelease: release)
        {
            guard settings.listenerPath == nil || home.executor == .local else {
                throw EngineError(
                    .invalid,
                    "seccomp: listenerPath is a socket of the host: no guest reaches it; use --isolation process")
            }
            document = document.adding(settings.json, to: "linux", as: "seccomp")
        }
        var setup = ContainerSetup(
            id: record.id, specification: document.description, root: home.root,
            seccompFilter: try filters.filter(
                specification.security, capabilities: capabilities, kernelRelease: release))
        setup.files = home.files
        setup.executor = home.executor
        if specification.openStandardInput {
            setup.standardInput = specification.standardInputOnce ? .closesAfterFirstClient : .open
        }
        if !record.resolved.logPath.isEmpty {
            setup.log = try LogOptionsParser.setup(path: record.resolved.logPath, specification.log)
        }
        setup.exitRecordPath = paths.exitRecord(record.id, transient: specification.autoRemove)
        return setup
    }

    /// Makes the connections of those who want every byte, before the program runs.
    private func attachTickets(_ container: ManagedContainer, _ monitor: MonitorClient) async throws(EngineError) {
        let tickets = container.tickets
        container.tickets = []
        for ticket in tickets where !ticket.isClosed { await attach(ticket, monitor) }
    }

    /// Makes one attach connection.
    func attach(_ ticket: AttachTicket, _ monitor: MonitorClient) async {
        let setup = AttachSetup(input: ticket.setup.input, output: ticket.setup.output, error: ticket.setup.error)
        do throws(EngineError) {
            let attached = try await launcher.stream(
                .attach(setup), socketPath: monitor.socketPath, terminal: ticket.terminal)
            ticket.resolve(.success(attached.stream))
        } catch {
            ticket.resolve(.failure(error))
        }
    }

    /// After a failed start: lets the monitor remove what it has made.
    private func abandonMonitor(_ container: ManagedContainer) async {
        guard let monitor = container.monitor else { return }
        container.monitor = nil
        do {
            try await monitor.request(.delete)
        } catch {
            logger.debug("the monitor of \(container.id) could not delete: \(error)")
        }
        container.endingMonitor = monitor
    }
}

/// Where a container's root is made of what, once all of that is there.
struct ContainerHome: Sendable {
    var root: RootFilesystem
    var facts: LaunchFacts
    var files: [FileSetup] = []
    var executor = ContainerSetup.ExecutorKind.local
}

/// The options of the json-file log.
enum LogOptionsParser {
    /// - Throws: `invalid` for what Docker refuses too.
    static func setup(path: String, _ specification: LogSpecification) throws(EngineError) -> LogSetup {
        var setup = LogSetup(path: path)
        for (key, value) in specification.options {
            switch key {
            case "max-size":
                guard value != "-1" else { continue }
                guard let size = size(value), size > 0 else {
                    throw EngineError(.invalid, "invalid value for 'max-size': \"\(value)\"")
                }
                setup.maximumSize = size
            case "max-file":
                guard let count = Int(value), count > 0 else {
                    throw EngineError(.invalid, "invalid value for 'max-file': \"\(value)\"")
                }
                setup.maximumFiles = count
            case "labels", "labels-regex", "env", "env-regex", "tag", "compress", "mode", "max-buffer-size": continue
            default: throw EngineError(.invalid, "unknown log opt '\(key)' for json-file log driver")
            }
        }
        return setup
    }

    /// `10m`, `1.5g`, `512`: powers of 1024.
    static func size(_ text: String) -> UInt64? {
        var digits = text.lowercased()
        if digits.hasSuffix("b") { digits.removeLast() }
        var factor = 1.0
        if let unit = digits.last, let power = ["k", "m", "g", "t"].firstIndex(of: unit) {
            factor = (0...power).reduce(1.0) { value, _ in value * 1024 }
            digits.removeLast()
        }
        guard let number = Double(digits), number >= 0, number * factor < 9e18 else { return nil }
        return UInt64(number * factor)
    }
}

extension JSON {
    /// An object with one more member in the object that is its member `name`.
    fileprivate func adding(_ value: JSON, to name: String, as member: String) -> JSON {
        guard case .object(var members) = self, case .object(var inner) = members[name] else { return self }
        inner[member] = value
        members[name] = .object(inner)
        return .object(members)
    }
}
