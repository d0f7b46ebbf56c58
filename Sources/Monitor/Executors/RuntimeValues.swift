internal import ContainerRuntime
internal import Linux
internal import OCI
internal import Wire

extension ContainerBlueprint {
    /// From what was sent, and the configuration in it.
    init(_ setup: ContainerSetup, _ specification: RuntimeSpecification) {
        let root: ContainerRoot =
            switch setup.root {
            case .directory(let path): .directory(path)
            case .overlay(let lower, let upper, let work, let isTransient):
                .overlay(lower: lower, upper: upper, work: work, isTransient: isTransient)
            }
        self.init(id: setup.id, specification: specification, root: root, seccompFilter: setup.seccompFilter)
        files = setup.files.map { ContainerFile(destination: $0.destination, content: $0.content) }
        inheritedDescriptors = setup.inheritedDescriptors
    }
}

extension InterfaceConfiguration {
    init(_ setup: InterfaceSetup) {
        self.init(
            name: setup.name, hardwareAddress: setup.hardwareAddress, addresses: setup.addresses,
            gateway: setup.gateway, mtu: setup.mtu)
    }
}

extension Failure {
    init(_ error: RuntimeError) {
        let kind: Kind =
            switch error {
            case .commandNotFound: .commandNotFound
            case .commandNotExecutable: .commandNotExecutable
            case .invalid: .invalid
            case .wrongState: .wrongState
            case .failed: .failed
            }
        self.init(kind, error.description)
    }
}

extension Failure {
    init(_ error: SystemError) { self.init(.failed, "\(error)") }
}

extension ProcessReport {
    init(_ row: ProcessRow) {
        self.init(
            user: row.user, process: row.process, parent: row.parent, ticks: row.ticks, startedAt: row.startedAt,
            virtualMemory: row.virtualMemory, residentMemory: row.residentMemory, state: row.state,
            terminal: row.terminal, command: row.command)
    }
}

extension StatisticsReport {
    init(_ statistics: ContainerStatistics) {
        self.init()
        let group = statistics.cgroup
        processorTotal = group.processorTotal
        processorUser = group.processorUser
        processorKernel = group.processorKernel
        periods = group.periods
        throttledPeriods = group.throttledPeriods
        throttledTime = group.throttledTime
        memoryUsage = group.memoryUsage
        memoryMaximum = group.memoryMaximum
        memoryInactiveFile = group.memoryInactiveFile
        memoryLimit = group.memoryLimit
        memoryDetails = group.memoryDetails
        processes = group.processes
        processLimit = group.processLimit
        blockRead = group.blockRead
        blockWritten = group.blockWritten
        interfaces = statistics.interfaces.mapValues { InterfaceCounters($0) }
        (systemProcessorTotal, processors) = ProcessorTime.ofTheSystem()
    }
}

extension InterfaceCounters {
    init(_ counters: ContainerStatistics.InterfaceCounters) {
        self.init()
        receivedBytes = counters.receivedBytes
        receivedPackets = counters.receivedPackets
        receivedErrors = counters.receivedErrors
        receivedDropped = counters.receivedDropped
        sentBytes = counters.sentBytes
        sentPackets = counters.sentPackets
        sentErrors = counters.sentErrors
        sentDropped = counters.sentDropped
    }
}

/// What `/proc/stat` says of all processors together.
enum ProcessorTime {
    /// Nanoseconds in all states but guest time, which is in user time already, and the number of processors.
    static func ofTheSystem() -> (total: UInt64, processors: Int) {
        // Without /proc there is nothing to compare with: zero.
        guard let text = try? Files.readText("/proc/stat") else { return (0, 0) }
        var total: UInt64 = 0
        var processors = 0
        for line in text.split(separator: "\n").prefix(while: { $0.hasPrefix("cpu") }) {
            let fields = line.split(separator: " ")
            if fields.first == "cpu" {
                let ticks = fields.dropFirst().prefix(8).reduce(UInt64(0)) { $0 + (UInt64($1) ?? 0) }
                total = ticks * 10_000_000
            } else {
                processors += 1
            }
        }
        return (total, processors)
    }
}
