import Linux
import Logging
import Wire

extension Engine {
    /// Takes over the machines that run since before this daemon.
    func adoptMachines() async {
        for machine in machinesByName.values { await adopt(machine) }
        let known = Set(machinesByName.values.map(\.id)).union(
            containers.keys.filter { containers[$0]?.record.state.isRunning ?? false })
        for id in entries(paths.executionRoot + "/machines") where !known.contains(id) {
            await sweepMonitor(paths.machineMonitor(id), id)
        }
    }

    /// Takes over one machine, named or a container's own; afterwards it runs or is cleaned away.
    func adopt(_ machine: ManagedMachine) async {
        let folder = paths.machineMonitor(machine.id)
        let wasRunning = machine.isRunning || machine.record.state == .starting
        guard Files.exists(folder + "/monitor.sock") else {
            if wasRunning { await forget(machine, "the machine has ended while the daemon was not running") }
            return
        }
        do {
            let monitor = try launcher.adopt(directory: folder, handlers: machineHandlers(machine.id))
            machine.monitor = monitor
            guard case .state(let report) = try await monitor.request(.state), report.phase == .running else {
                return await forget(machine, "the machine did not run when the daemon came back")
            }
            await adoptNetwork(machine)
            machine.guestSocket = folder + "/guest.sock"
            let readiness = try await connectAgent(machine)
            machine.record.state = .running(
                process: readiness.process, startedAt: report.startedAt, kernel: readiness.kernel)
        } catch {
            await forget(machine, "the machine could not be taken over: \(error)")
        }
    }

    private func forget(_ machine: ManagedMachine, _ reason: String) async {
        logger.warning("machine \(machine.name): \(reason)")
        await endMachine(machine)
        machine.record.state = .stopped(reason: reason)
        guard !machine.isAnonymous else { return }
        do { try database.save(machine.record) } catch { logger.error("\(error)") }
    }

    /// Finds the machine again that a running container is in.
    func adoptMachine(of container: ManagedContainer) async {
        let record = container.record
        switch record.specification.isolation {
        case .process: return
        case .machine(let name):
            guard let machine = machinesByName[name] else { return }
            container.machine = machine
            await adoptShares(of: container, in: machine)
        case .vm:
            let specification = MachineSpecification(name: "vm-" + Identifier.short(record.id))
            let machine = ManagedMachine(
                MachineRecord(
                    id: record.id, specification: specification, created: record.created, state: .starting,
                    hypervisor: ""), isAnonymous: true)
            container.machine = machine
            ownMachines[record.id] = machine
            await adopt(machine)
        }
    }

    /// The daemon ends, and machines with it.
    func stopMachinesForShutdown() async {
        await withTaskGroup(of: Void.self) { group in
            for name in machinesByName.values.filter(\.isRunning).map(\.name) {
                group.addTask {
                    // One that has ended meanwhile is what is wanted.
                    try? await self.stopMachine(name)
                }
            }
        }
    }
}
