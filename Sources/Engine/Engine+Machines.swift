import Linux
import Logging
import Networks
import Wire

extension Engine {
    /// Creates a machine; it does not run yet.
    public func createMachine(_ specification: MachineSpecification) async throws(EngineError) -> MachineRecord {
        let name = specification.name
        guard Identifier.isValidName(name) else {
            throw EngineError(.invalid, "Invalid machine name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        guard machinesByName[name] == nil else {
            throw EngineError(.conflict, "Conflict. The machine name \"\(name)\" is already in use")
        }
        guard specification.processors > 0, specification.processors <= host.processors else {
            throw EngineError(.invalid, "a machine has from 1 to \(host.processors) processors on this host")
        }
        guard specification.memory >= 64 << 20 else {
            throw EngineError(.invalid, "a machine needs at least 64 MiB of memory")
        }
        let record = MachineRecord(
            id: Identifier.random(), specification: specification, created: Timestamp.now, state: .created,
            hypervisor: "")
        do {
            try Files.makeDirectories(paths.machine(name), mode: 0o710)
        } catch {
            throw EngineError(.internal, "create machine \(name): \(error)")
        }
        do throws(EngineError) {
            try database.save(record)
        } catch {
            Trees.remove(paths.machine(name), logger)
            throw error
        }
        machinesByName[name] = ManagedMachine(record)
        publishMachine("create", record)
        return record
    }

    /// All machines, by name.
    public func machines() -> [MachineRecord] {
        machinesByName.values.map { described($0) }.sorted { $0.specification.name < $1.specification.name }
    }

    /// One machine by its name or identifier.
    public func machine(named name: String) throws(EngineError) -> MachineRecord { described(try findMachine(name)) }

    func findMachine(_ name: String) throws(EngineError) -> ManagedMachine {
        if let machine = machinesByName[name] { return machine }
        let found = machinesByName.values.filter { !name.isEmpty && $0.id.hasPrefix(name) }
        guard let machine = found.first else { throw .noSuchMachine(name) }
        guard found.count == 1 else {
            throw EngineError(.invalid, "multiple IDs found with provided prefix: \(name)")
        }
        return machine
    }

    private func described(_ machine: ManagedMachine) -> MachineRecord {
        var record = machine.record
        record.containers = containers.values.filter { $0.machine === machine }.map(\.id).sorted()
        return record
    }

    /// Boots it and waits until its agent is ready.
    public func startMachine(_ name: String) async throws(EngineError) {
        let machine = try findMachine(name)
        await machine.gate.enter()
        defer { machine.gate.leave() }
        guard machinesByName[machine.name] === machine else { throw .noSuchMachine(name) }
        guard !machine.isRunning else {
            throw EngineError(.notModified, "machine \(machine.name) is already running")
        }
        let folder = paths.machine(machine.name)
        let endpoint = try await reserveNetwork(machine)
        let parts = MachineParts(
            imagePath: nil, diskPath: folder + "/disk.ext4", share: true, layers: true,
            hardwareAddress: "\(endpoint.hardwareAddress)", logPath: folder + "/console.log",
            exitRecordPath: folder + "/exit.json")
        do throws(EngineError) {
            try await boot(machine, parts)
        } catch {
            try database.save(machine.record)
            throw error
        }
        try database.save(machine.record)
        publishMachine("start", machine.record)
    }

    /// Stops its containers and halts it, by force after `timeout` seconds.
    public func stopMachine(_ name: String, timeout: Int? = nil) async throws(EngineError) {
        let machine = try findMachine(name)
        guard machine.isRunning else {
            throw EngineError(.notModified, "machine \(machine.name) is already stopped")
        }
        await stopContainers(of: machine, timeout: timeout)
        await machine.gate.enter()
        defer { machine.gate.leave() }
        guard machine.isRunning else { return }
        machine.record.state = .stopped(reason: "")
        await haltMachine(machine, graceSeconds: timeout ?? 10)
        try database.save(machine.record)
        publishMachine("stop", machine.record)
    }

    private func stopContainers(of machine: ManagedMachine, timeout: Int?) async {
        let inside = containers.values.filter { $0.machine === machine }.map(\.id)
        await withTaskGroup(of: Void.self) { group in
            for id in inside {
                group.addTask {
                    // One that has ended meanwhile, or does not: the machine's end ends it.
                    try? await self.stop(id, timeout: timeout)
                }
            }
        }
    }

    /// Removes it with its disk; a running one, or one that containers belong to, only by `force`.
    public func removeMachine(_ name: String, force: Bool = false) async throws(EngineError) {
        let machine = try findMachine(name)
        let owned = containers.values.filter { $0.record.specification.isolation == .machine(name: machine.name) }
        guard force || (!machine.isRunning && owned.isEmpty) else {
            let why =
                machine.isRunning ? "it is running: stop it first" : "it has \(owned.count) containers: remove them"
            throw EngineError(.conflict, "cannot remove machine \(machine.name): \(why), or force the removal")
        }
        for container in owned {
            do throws(EngineError) {
                try await remove(container.id, force: true)
            } catch  where error.kind == .notFound {
                continue
            }
        }
        await machine.gate.enter()
        defer { machine.gate.leave() }
        if machine.isRunning {
            machine.record.state = .stopped(reason: "")
            await endMachine(machine)
        }
        try database.delete(machine: machine.id)
        machinesByName[machine.name] = nil
        let (folder, logger) = (paths.machine(machine.name), logger)
        try await Blocking.run { () throws(EngineError) in Trees.remove(folder, logger) }
        publishMachine("destroy", machine.record)
    }

    /// The hypervisor of a machine has ended, or its monitor has. Its containers hear of it by themselves.
    func machineEnded(_ id: String, _ monitor: MonitorClient, _ end: MonitorClient.End) async {
        let named = machinesByName.values.first { $0.id == id }
        guard let machine = named ?? ownMachines[id], machine.monitor === monitor else {
            // One that is being halted or has failed to boot: only who waits for that wants to know.
            return
        }
        for waiter in machine.waiters { waiter.resolve(Conclusion(exitCode: 0)) }
        machine.waiters = []
        machine.monitor = nil
        machine.agent = nil
        guard machine.isRunning else { return }
        let reason = LastWords.written(guestSocket: machine.guestSocket) ?? LastWords.meaning(of: end)
        machine.record.state = .stopped(reason: reason)
        logger.warning("machine \(machine.name) has ended: \(reason)")
        guard !machine.isAnonymous else { return }
        do { try database.save(machine.record) } catch { logger.error("\(error)") }
        publishMachine("die", machine.record)
        await monitor.waitUntilClosed()
        await cleanUp(machine)
    }

    /// Why a machine that a container was in has gone; its own monitor tells that at about the same time.
    func reasonOfEnd(_ machine: ManagedMachine) async -> String {
        if machine.monitor != nil {
            let end = ExitWaiter(.notRunning)
            machine.waiters.append(end)
            _ = await Deadline.reached(seconds: 5, by: end)
        }
        guard case .stopped(let reason) = machine.record.state, !reason.isEmpty else {
            return "the machine \(machine.name) does not answer any more"
        }
        return "machine \(machine.name): \(reason)"
    }

    func publishMachine(_ action: String, _ record: MachineRecord) {
        events.publish(
            EngineEvent(
                kind: .machine, action: action, actor: record.id, attributes: ["name": record.specification.name],
                time: Timestamp.now))
    }
}

extension EngineError {
    static func noSuchMachine(_ name: String) -> EngineError {
        EngineError(.notFound, "No such machine: \(name)")
    }
}
