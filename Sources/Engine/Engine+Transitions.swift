import Logging
import Linux
import Wire

extension Engine {
    /// Changes a container's state and does what follows from that. The caller holds its gate.
    func apply(_ input: ContainerInput, _ container: ManagedContainer) async throws(EngineError) {
        let actions = try container.record.life.handle(input, container.rules)
        try await perform(actions, container)
    }

    func perform(_ actions: [ContainerAction], _ container: ManagedContainer) async throws(EngineError) {
        for action in actions {
            switch action {
            case .launch: try await launch(container)
            case .save: try database.update(container.id, container.record.life)
            case .publish(let event, let attributes): publish(container, event, attributes)
            case .release: await release(container)
            case .scheduleRestart(let delay): scheduleRestart(container, after: delay)
            case .cancelRestart:
                container.restart?.cancel()
                container.restart = nil
            case .conclude(let conclusion): conclude(container, conclusion)
            case .kill: try await killAndWait(container)
            case .remove: try await removeRemains(container)
            }
        }
    }

    /// Tells who waits for an end of this container.
    private func conclude(_ container: ManagedContainer, _ conclusion: Conclusion) {
        container.waiters.removeAll { waiter in
            guard waiter.condition != .removed else { return false }
            waiter.resolve(conclusion)
            return true
        }
    }

    private func scheduleRestart(_ container: ManagedContainer, after milliseconds: Int) {
        guard !isShuttingDown else { return }
        let id = container.id
        container.restart = Task { [weak self] in
            do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch { return }
            await self?.restartDue(id)
        }
    }

    private func restartDue(_ id: String) async {
        guard let container = containers[id], !isShuttingDown else { return }
        await container.gate.enter()
        defer { container.gate.leave() }
        container.restart = nil
        do {
            try await apply(.restartDue, container)
        } catch {
            logger.warning("the restart of container \(id) failed: \(error)")
        }
    }

    /// The monitor has told that the first process ended, or is gone.
    func ended(_ id: String, _ monitor: MonitorClient, _ end: MonitorClient.End) async {
        guard let container = containers[id] else { return }
        await container.gate.enter()
        defer { container.gate.leave() }
        guard container.monitor === monitor else { return }
        container.monitor = nil
        guard let run = container.record.state.run else { return }
        var record: ExitRecord
        switch end {
        case .told(let told): record = told
        case .disconnected: record = await lost(container, run)
        }
        if case .lost = record.status, let machine = container.machine {
            record.status = .lost(reason: await reasonOfEnd(machine))
        }
        container.endingMonitor = monitor
        execsEnded(container)
        do {
            try await apply(.ended(record), container)
        } catch {
            logger.error("the end of container \(id) could not be handled: \(error)")
        }
    }

    func outOfMemory(_ id: String, _ monitor: MonitorClient) async {
        guard let container = containers[id], container.monitor === monitor else { return }
        do {
            try await apply(.outOfMemory, container)
        } catch {
            logger.warning("the memory event of container \(id) could not be handled: \(error)")
        }
    }

    /// What a monitor has recorded that could not tell it, or that it was lost; its processes are killed then.
    func lost(_ container: ManagedContainer, _ run: Run) async -> ExitRecord {
        let transient = container.record.specification.autoRemove
        let path = paths.exitRecord(container.id, transient: transient)
        if let record = ExitRecord.read(path), record.startedAt > run.previousFinish { return record }
        await killLeftovers(container)
        return ExitRecord(
            status: .lost(reason: "the container's monitor was killed"), startedAt: run.startedAt,
            finishedAt: Timestamp.now)
    }
}

extension ExitRecord {
    /// What a monitor has left, or nil: nobody has recorded an end.
    static func read(_ path: String) -> ExitRecord? {
        guard let content = try? Files.read(path) else { return nil }  // no file: no end
        return try? ExitRecord(fileContent: content)  // written whole or not at all
    }
}
