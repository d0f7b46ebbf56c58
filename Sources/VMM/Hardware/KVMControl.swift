internal import Wire

/// What can be asked of a guest on KVM and changed while it runs; used on the supervisor's loop only.
final class KVMControl: HardwareControl {
    /// Bytes that the guest keeps, however large the balloon is to be: below that its kernel does not live.
    private static let leastMemory: UInt64 = 64 << 20

    private let machine: Machine
    private let devices: KVMDevices
    private let console: ConsoleQueue
    private let processors: Int
    private(set) var isPaused = false
    private var network = NetLimits()

    init(_ machine: Machine, _ devices: KVMDevices, _ console: ConsoleQueue, processors: Int) {
        (self.machine, self.devices, self.console, self.processors) = (machine, devices, console, processors)
    }

    func setPaused(_ paused: Bool) {
        guard paused != isPaused else { return }
        isPaused = paused
        if paused {
            // A processor that waits for the console's reader, who waits for it here, would never come.
            console.letGo()
            machine.pause()
        } else {
            console.hold()
            machine.resume()
        }
    }

    var statistics: StatisticsReport {
        var report = StatisticsReport()
        report.processorTotal = machine.processorNanoseconds
        report.processors = processors
        report.memoryUsage = machine.memoryUsed
        report.memoryLimit = machine.memory.count
        if let disk = devices.disk?.counters.snapshot {
            (report.blockRead, report.blockWritten) = (disk.bytesIn, disk.bytesOut)
        }
        if let network = devices.network?.counters { report.interfaces["net"] = InterfaceCounters(network) }
        report.machine = machineReport
        return report
    }

    private var machineReport: MachineReport {
        var report = MachineReport()
        let exits = machine.exitCounts
        report.exits = ["ports": exits.ports, "memory": exits.memory, "interruptions": exits.interruptions]
        for entry in devices.entries { report.devices[entry.name] = entry.counters() }
        report.memory = machine.memory.count
        report.memoryUsed = machine.memoryUsed
        report.memoryShared = devices.image?.count ?? 0
        report.balloon = devices.balloon.actualBytes
        report.memoryReturned = devices.balloon.counters.snapshot.released
        return report
    }

    func limit(_ limits: MachineLimits) throws(Failure) {
        // All of it is looked at before anything is changed.
        var network = network
        if let sending = limits.sending { network.sending = try RateLimiter.Limits(sending, "sending") }
        if let receiving = limits.receiving { network.receiving = try RateLimiter.Limits(receiving, "receiving") }
        let disk = try limits.disk.map { rate throws(Failure) in try RateLimiter.Limits(rate, "disk") }
        if disk != nil, devices.disk == nil { throw Failure(.invalid, "the machine has no disk to limit") }
        if network != self.network, devices.network == nil {
            throw Failure(.invalid, "the machine has no network to limit")
        }
        let most = machine.memory.count - min(machine.memory.count, KVMControl.leastMemory)
        if let balloon = limits.balloon, balloon > most {
            throw Failure(.invalid, "a balloon of \(balloon) bytes: at most \(most) leave the guest enough to live")
        }
        if let disk { devices.disk?.setLimits(disk) }
        if network != self.network {
            devices.network?.setLimits(network)
            self.network = network
        }
        if let balloon = limits.balloon { devices.balloon.setTarget(bytes: balloon) }
    }
}

extension RateLimiter.Limits {
    /// So much a second.
    fileprivate init(_ rate: MachineLimits.Rate, _ name: String) throws(Failure) {
        self.init(
            bytes: try Self.limit(rate.bytes, "\(name): bytes"),
            operations: try Self.limit(rate.operations, "\(name): operations"))
    }

    private static func limit(_ value: UInt64?, _ name: String) throws(Failure) -> TokenBucket.Limit? {
        guard let value else { return nil }
        guard let limit = TokenBucket.Limit(perSecond: value) else {
            throw Failure(.invalid, "the limit \(name): \(value) a second can't be; leave it out for none")
        }
        return limit
    }
}

extension InterfaceCounters {
    /// Of the guest's interface, as the guest sees it.
    fileprivate init(_ counters: NetCounters.Values) {
        self.init()
        (receivedBytes, receivedPackets) = (counters.bytesReceived, counters.packetsReceived)
        (sentBytes, sentPackets) = (counters.bytesSent, counters.packetsSent)
        (receivedDropped, sentDropped) = (counters.droppedReceived, counters.droppedSent)
    }
}
