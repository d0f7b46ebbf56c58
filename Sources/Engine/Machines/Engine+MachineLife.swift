import Linux
import Logging
import Machines
import Wire

extension Engine {
    /// How large a machine's writable disk may grow; it takes room as it is written.
    static let diskSize: UInt64 = 16 << 30

    /// How many seconds a hypervisor has until it listens: a hang ends so, where much else runs it may take long.
    private static let hypervisorPatience = 120

    /// Boots a machine and waits until its agent is ready. Undone where it fails. The caller holds its gate.
    func boot(_ machine: ManagedMachine, _ parts: MachineParts) async throws(EngineError) {
        machine.record.state = .starting
        do throws(EngineError) {
            let plan = try await planMachine(machine, parts)
            try await runHypervisor(machine, plan.launch, parts)
            let report = try await connectAgent(machine)
            machine.record.hypervisor = plan.hypervisor
            machine.record.state = .running(
                process: report.process, startedAt: Timestamp.now, kernel: report.kernel)
        } catch {
            // Ending it takes its folder away, and with that what it has said.
            let words = LastWords.written(guestSocket: machine.guestSocket)
            let failure = words.map { EngineError(error.kind, "machine \(machine.name) did not start: \($0)") } ?? error
            await endMachine(machine)
            machine.record.state = .stopped(reason: failure.message)
            throw failure
        }
    }

    private struct Plan: Sendable {
        var launch: MachineLaunch
        var hypervisor: String
    }

    private func planMachine(_ machine: ManagedMachine, _ parts: MachineParts) async throws(EngineError) -> Plan {
        let agent = try paths.helper("bulkhead-guest")
        let store = KernelStore(directory: configuration.kernelDirectory ?? paths.root + "/kernel", agent: agent)
        let choice = HypervisorChoice(rawValue: configuration.hypervisor.rawValue) ?? .auto
        let specification = machine.record.specification
        let (id, folder) = (machine.id, paths.machineMonitor(machine.id))
        let cgroup = "\(configuration.cgroupParent)/machine-\(id)"
        return try await Blocking.run { () throws(EngineError) in
            do throws(MachineError) {
                let hypervisor = try choice.hypervisor()
                var configuration = MachineConfiguration(
                    id: id, kernel: try store.prepare(modules: hypervisor.modules), runDirectory: folder,
                    cgroupsPath: cgroup, helpers: Files.parent(of: agent))
                configuration.processors = specification.processors
                configuration.memory = specification.memory
                configuration.imagePath = parts.imagePath
                configuration.diskPath = parts.diskPath
                configuration.share = parts.share
                configuration.layers = parts.layers
                configuration.hardwareAddress = parts.hardwareAddress
                if !Files.exists(parts.diskPath) { try DiskImage.create(parts.diskPath, size: Engine.diskSize) }
                do { try Files.makeDirectories(folder, mode: 0o700) } catch {
                    throw MachineError(.failed, "\(error)")
                }
                return Plan(launch: try hypervisor.launch(configuration), hypervisor: hypervisor.name)
            } catch {
                throw EngineError(error.kind == .missing ? .unavailable : .internal, error.message)
            }
        }
    }

    private func runHypervisor(_ machine: ManagedMachine, _ launch: MachineLaunch, _ parts: MachineParts)
        async throws(EngineError)
    {
        var setup = launch.setup(id: machine.id)
        setup.log = LogSetup(path: parts.logPath, maximumSize: 16 << 20, maximumFiles: 2)
        setup.exitRecordPath = parts.exitRecordPath
        machine.guestSocket = launch.guestSocket
        let monitor: MonitorClient
        if launch.wantsTap {
            let tap = try await openTap(machine.id)
            // Given to the monitor as its descriptor 4, which gives it to the hypervisor; ours is closed here.
            setup.inheritedDescriptors = [4]
            monitor = try launchMonitor(machine, tap: tap.descriptor.rawValue)
            extendLifetime(tap)
        } else {
            monitor = try launchMonitor(machine, tap: nil)
        }
        machine.monitor = monitor
        try await monitor.request(.create(setup))
        try await monitor.request(.start(interfaces: []))
    }

    private func launchMonitor(_ machine: ManagedMachine, tap: Int32?) throws(EngineError) -> MonitorClient {
        try launcher.launch(
            name: machine.id, directory: paths.machineMonitor(machine.id), inherited: tap.map { [$0] } ?? [],
            handlers: machineHandlers(machine.id))
    }

    func machineHandlers(_ id: String) -> MonitorClient.Handlers {
        MonitorClient.Handlers(
            ended: { [weak self] monitor, end in Task { await self?.machineEnded(id, monitor, end) } },
            outOfMemory: { _ in }, execEnded: { _, _, _ in })
    }

    /// What its agent and its monitor say of a machine that is ready.
    struct Readiness: Sendable {
        var kernel: String
        var process: Int32
    }

    /// Connects to the agent once its socket is there, and waits until it says that it is ready.
    func connectAgent(_ machine: ManagedMachine) async throws(EngineError) -> Readiness {
        guard let monitor = machine.monitor else { throw EngineError(.internal, "the machine has no monitor") }
        let ready = ReadyWaiter()
        let id = machine.id
        let handlers = MonitorClient.Handlers(
            ended: { _, _ in ready.resolve(nil) }, outOfMemory: { _ in },
            execEnded: { [weak self] _, exec, record in Task { await self?.machineExecEnded(id, exec, record) } },
            ready: { ready.resolve($0) })
        let end = ExitWaiter(.notRunning)
        machine.waiters.append(end)
        let connection = try await SocketWait.connect(
            machine.guestSocket, unless: end, seconds: Engine.hypervisorPatience)
        let agent = MonitorClient(connection, socketPath: machine.guestSocket, process: 0, handlers: handlers)
        machine.agent = agent
        guard let report = await ready.value() else {
            throw EngineError(.internal, "the machine ended before its agent was ready; its console says why")
        }
        guard case .state(let state) = try await monitor.request(.state) else {
            throw EngineError(.internal, "the machine's monitor did not answer with a state")
        }
        return Readiness(kernel: report.kernel, process: state.process)
    }

    /// Halts it: the agent syncs its disk and powers off; by force where that takes too long, or at once.
    func haltMachine(_ machine: ManagedMachine, graceSeconds: Int) async {
        if graceSeconds > 0, let agent = machine.agent, let monitor = machine.monitor {
            let end = ExitWaiter(.notRunning)
            machine.waiters.append(end)
            do { try await agent.request(.powerOff) } catch { logger.debug("power off \(machine.name): \(error)") }
            if await Deadline.reached(seconds: graceSeconds, by: end) {
                await monitor.waitUntilClosed()
                await cleanUp(machine)
                return
            }
            logger.warning("machine \(machine.name) has not halted after \(graceSeconds) seconds and is killed")
        }
        await endMachine(machine)
    }

    /// Ends its hypervisor at once and waits until its monitor has cleaned up.
    func endMachine(_ machine: ManagedMachine) async {
        machine.agent = nil
        if let monitor = machine.monitor {
            machine.monitor = nil
            do { try await monitor.request(.delete) } catch { logger.debug("end \(machine.name): \(error)") }
            await monitor.waitUntilClosed()
        }
        await cleanUp(machine)
    }

    /// What a machine that has ended leaves behind.
    func cleanUp(_ machine: ManagedMachine) async {
        await releaseNetwork(machine)
        machine.shares = [:]
        Trees.remove(paths.machineMonitor(machine.id), logger)
    }
}
