import Linux
import Logging
import Machines
import Wire

extension Engine {
    /// Where a container of level `vm` or `machine` finds its root and its mounts; boots its own machine.
    func prepareMachineHome(of container: ManagedContainer, _ connection: NetworkConnection)
        async throws(EngineError) -> ContainerHome
    {
        try prepareBinds(container)
        let machine: ManagedMachine
        let lower: [String]
        if case .machine(let name) = container.record.specification.isolation {
            machine = try findMachine(name)
            guard machine.isRunning else {
                throw EngineError(
                    .conflict, "machine \(name) is not running: start it with `bulkhead machine start \(name)`")
            }
            container.machine = machine
            let layers = try await images.layers(of: container.record.resolved.imageID)
            try await fillVolumes(container, layers)
            lower = try await shareLayers(layers + [paths.initLayer], with: machine, for: container)
        } else {
            machine = try await bootOwnMachine(of: container, connection)
            lower = [MachineLaunch.guestImage]
        }
        let disk = "\(MachineLaunch.guestDisk)/\(container.id)"
        var facts = LaunchFacts()
        facts.host = .guest
        facts.cgroupParent = "/bulkhead"
        facts.placement = machine.isAnonymous ? .vm : .machine
        facts.sources = try await shareMounts(of: container, with: machine)
        if container.record.specification.initProcess {
            facts.initProgram = try await shareInitProgram(for: container, with: machine)
        }
        var home = ContainerHome(
            root: .overlay(
                lower: lower, upper: disk + "/upper", work: disk + "/work",
                isTransient: container.record.specification.autoRemove),
            facts: facts)
        home.executor = .remote(socket: machine.guestSocket)
        let own = Set(container.record.resolved.mounts.map(\.target))
        home.files = try networkFiles(container, connection).filter { !own.contains($0.target) }
            .map { FileSetup(destination: $0.target, content: $0.content) }
        return home
    }

    /// The machine that lives and dies with a container; its size is the container's limits.
    private func bootOwnMachine(of container: ManagedContainer, _ connection: NetworkConnection)
        async throws(EngineError) -> ManagedMachine
    {
        let record = container.record
        let limits = record.specification.resources
        let processors = limits.nanoProcessors.map { Int(($0 + 999_999_999) / 1_000_000_000) } ?? 1
        let specification = MachineSpecification(
            name: "vm-" + Identifier.short(record.id), processors: min(max(1, processors), host.processors),
            memory: max(limits.memory ?? 512 << 20, 128 << 20))
        let machine = ManagedMachine(
            MachineRecord(
                id: record.id, specification: specification, created: Timestamp.now, state: .created, hypervisor: ""),
            isAnonymous: true)
        if record.resolved.mounts.contains(where: { $0.kind == .volume && $0.copiesImage }) {
            try await fillVolumes(container, try await images.layers(of: record.resolved.imageID))
        }
        let folder = paths.container(record.id)
        let parts = MachineParts(
            imagePath: try await images.blockImage(of: record.resolved.imageID), diskPath: folder + "/disk.ext4",
            share: record.specification.initProcess || record.resolved.mounts.contains { $0.kind != .tmpfs },
            hardwareAddress: connection.interfaces.first?.hardwareAddress, logPath: folder + "/console.log",
            exitRecordPath: paths.machineMonitor(record.id) + "/exit.json")
        container.machine = machine
        ownMachines[machine.id] = machine
        try await boot(machine, parts)
        return machine
    }

    /// After a container's end: its own machine goes, or what it shared with a named one.
    func releaseMachine(_ container: ManagedContainer) async {
        guard let machine = container.machine else { return }
        container.machine = nil
        let names = container.shares
        container.shares = []
        guard !machine.isAnonymous else {
            let grace = container.record.specification.autoRemove ? 0 : 10
            container.endingMachine = Task {
                await self.haltMachine(machine, graceSeconds: grace)
                self.ownMachines[machine.id] = nil
            }
            return
        }
        await unshare(names, with: machine)
    }
}
