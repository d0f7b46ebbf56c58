import Wire

extension Engine {
    /// Takes a place among those who see all that the container writes, before it is started or while it runs.
    public func prepareAttach(_ name: String, _ options: AttachOptions) async throws(EngineError) -> AttachTicket {
        let container = try find(name)
        await container.gate.enter()
        defer { container.gate.leave() }
        switch container.record.state {
        case .paused:
            throw EngineError(.conflict, "container \(name) is paused, unpause the container before attach")
        case .restarting:
            throw EngineError(
                .conflict, "container \(name) is restarting, wait until the container is running")
        case .removing:
            throw .noSuchContainer(name)
        case .created, .starting, .running, .exited: break
        }
        let specification = container.record.specification
        var options = options
        options.input = options.input && specification.openStandardInput
        let ticket = AttachTicket(terminal: specification.terminal, setup: options)
        if container.record.state.isRunning {
            await attach(ticket, try monitor(of: container))
        } else {
            container.tickets.removeAll(where: \.isClosed)
            container.tickets.append(ticket)
        }
        publish(container, "attach")
        return ticket
    }

    /// Lines of its log.
    public func logs(_ name: String, _ options: LogOptions) throws(EngineError)
        -> AsyncThrowingStream<LogEntry, any Error>
    {
        let container = try find(name)
        let path = container.record.resolved.logPath
        guard !path.isEmpty else {
            throw EngineError(.unavailable, "configured logging driver does not support reading")
        }
        var follow: LogFollow?
        if options.follow, container.record.state.isRunning || container.record.state.isRestarting {
            follow = try LogFollow(
                directory: paths.container(container.id), end: register(container, .notRunning), until: options.until)
        }
        let reader = LogReader(path: path, options: options, follow: follow)
        return AsyncThrowingStream { try await reader.next() }
    }
}
