import Logging
import Networks
import Linux
import Wire

extension Engine {
    /// Takes over what the daemon before has left. The database says what exists; monitors say how it is.
    func adopt() async throws(EngineError) {
        for volume in try database.volumes() { volumesByName[volume.name] = volume }
        for machine in try database.machines() { machinesByName[machine.specification.name] = ManagedMachine(machine) }
        for record in try database.containers() {
            containers[record.id] = ManagedContainer(record)
            names[record.name] = record.id
        }
        await openNetwork()
        await adoptMachines()
        for container in containers.values.sorted(by: { $0.record.created < $1.record.created }) {
            await adopt(container)
        }
        do {
            try await network.sweep()
        } catch {
            logger.warning("sweep the network: \(error)")
        }
        await sweep()
    }

    private func adopt(_ container: ManagedContainer) async {
        await container.gate.enter()
        defer { container.gate.leave() }
        let id = container.id
        let report = await connect(container)
        do throws(EngineError) {
            switch (report?.phase, container.record.state) {
            case (.running, _), (.paused, _):
                try await adoptRunning(container, report)
            case (_, .running), (_, .paused):
                container.endingMonitor = container.monitor
                let run = container.record.state.run ?? Run(process: 0, startedAt: 0)
                let record: ExitRecord
                if let exit = report?.exit { record = exit } else { record = await lost(container, run) }
                await abandon(container)
                try await apply(.ended(record), container)
            case (_, .removing):
                await abandon(container)
                try await removeRemains(container)
            case (_, .restarting):
                await abandon(container)
                try await apply(.restartDue, container)
            case (_, .created), (_, .starting), (_, .exited):
                await abandon(container)
                try await recordMissedRun(of: container)
                if container.record.specification.autoRemove, container.record.state.startedAt != 0 {
                    try await apply(.remove(force: true), container)
                } else if restartsWithDaemon(container) {
                    try await apply(.start, container)
                }
            }
        } catch {
            logger.warning("take over container \(id): \(error)")
        }
    }

    /// It may have run and ended after the daemon before had given the order and before it could record that.
    private func recordMissedRun(of container: ManagedContainer) async throws(EngineError) {
        let path = paths.exitRecord(container.id, transient: container.record.specification.autoRemove)
        let known = container.record.state
        guard let record = ExitRecord.read(path), record.startedAt > max(known.startedAt, known.finishedAt) else {
            return
        }
        container.record.life.state = .running(
            Run(process: 0, startedAt: record.startedAt, previousFinish: known.finishedAt))
        try await apply(.ended(record), container)
    }

    /// After a boot, or a shutdown of the daemon, what shall always run is started.
    private func restartsWithDaemon(_ container: ManagedContainer) -> Bool {
        guard case .exited = container.record.state else { return false }
        switch container.record.specification.restart {
        case .always: return true
        case .unlessStopped: return !container.record.life.stoppedByClient
        case .no, .onFailure: return false
        }
    }

    /// Connects to a container's monitor, if there is one.
    private func connect(_ container: ManagedContainer) async -> ContainerReport? {
        let folder = paths.monitor(container.id)
        guard Files.exists(folder + "/monitor.sock") else { return nil }
        do {
            let monitor = try launcher.adopt(directory: folder, handlers: handlers(container.id))
            container.monitor = monitor
            guard case .state(let report) = try await monitor.request(.state) else { return nil }
            return report
        } catch {
            logger.info("the monitor of container \(container.id) is gone: \(error)")
            container.monitor = nil
            return nil
        }
    }

    private func adoptRunning(_ container: ManagedContainer, _ report: ContainerReport?) async throws(EngineError) {
        guard let report else { return }
        let known = container.record.state
        var run = Run(
            process: report.process, startedAt: report.startedAt,
            previousFinish: known.run?.previousFinish ?? known.finishedAt)
        run.outOfMemory = known.outOfMemory && known.isRunning
        container.record.life.state = report.phase == .paused ? .paused(run) : .running(run)
        if container.record.life.state != known { try database.update(container.id, container.record.life) }
        try await adoptNetwork(container)
        await adoptMachine(of: container)
    }

    /// Lets a monitor go whose container is not to run: half-made, or ended.
    private func abandon(_ container: ManagedContainer) async {
        guard let monitor = container.monitor else {
            Trees.remove(paths.monitor(container.id), logger)
            return
        }
        container.monitor = nil
        container.endingMonitor = monitor
        do { try await monitor.request(.delete) } catch { logger.debug("let go of \(container.id): \(error)") }
    }

    /// Removes what no row of the database speaks of.
    private func sweep() async {
        sweep(paths.root + "/containers", known: Set(containers.keys))
        sweep(paths.root + "/volumes", known: Set(volumesByName.keys))
        sweep(paths.root + "/machines", known: Set(machinesByName.keys))
        // A container whose creation was cut off after its monitor had been started does not exist; nor does one
        // whose row was deleted just before the daemon died.
        for id in entries(paths.executionRoot + "/containers") where containers[id] == nil {
            await sweepMonitor(paths.monitor(id), id)
        }
    }

    func entries(_ folder: String) -> [String] {
        (try? Files.entries(of: folder)) ?? []  // a folder that can't be read has nothing to be swept
    }

    private func sweep(_ folder: String, known: Set<String>) {
        for name in entries(folder) where !known.contains(name) {
            logger.info("sweep \(folder)/\(name), which nothing speaks of")
            Trees.remove("\(folder)/\(name)", logger)
        }
    }

    /// Ends a monitor that belongs to nothing.
    func sweepMonitor(_ folder: String, _ id: String) async {
        if Files.exists(folder + "/monitor.sock") {
            do {
                let monitor = try launcher.adopt(directory: folder, handlers: handlers(id))
                _ = try? await monitor.request(.signal(number: 9, process: nil))  // it may not run at all
                try await monitor.request(.delete)
                await monitor.waitUntilClosed()
            } catch {
                logger.info("the monitor in \(folder) is gone: \(error)")
            }
        }
        Trees.remove(folder, logger)
    }
}
