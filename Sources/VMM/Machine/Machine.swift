internal import Linux

/// A virtual machine: memory, processors, buses and devices, with a kernel loaded.
///
/// ```
///  Machine ── ProcessorThread × n ── KVMProcessor          a thread each, in the guest most of the time
///     │              │ exits
///     │              ├── Bus (ports)      serial port, power, reset, panic
///     │              └── Bus (addresses)  virtio-mmio: VirtioSlots
///     ├── RunGate     where the threads are stopped and paused
///     └── EndReport   tells once how the guest ended
/// ```
final class Machine: Sendable {
    private let processors: [ProcessorThread]
    private let lines: [InterruptLine]
    private let slots: VirtioSlots
    private let board: InterruptLine
    private let gate: RunGate
    private let end: EndReport
    private let machine: KVMMachine
    // The last that goes: everything above has its addresses.
    private let mapping: GuestMemoryMapping

    /// Makes a machine that is ready to start.
    ///
    /// - Parameters:
    ///   - memory: the guest's; who makes devices that share it or give it back has it first.
    ///   - report: called once, on the thread of a processor, when the guest has ended by itself: not by ``stop()``.
    ///     It must not wait for the machine.
    /// - Throws: ``VMMError``; nothing is left then.
    init(
        _ configuration: MachineConfiguration, memory mapping: consuming GuestMemoryMapping,
        system: borrowing KVMSystem, kernel: borrowing BootFile, initrd: borrowing BootFile?,
        report: @escaping @Sendable (GuestEnd) -> Void
    ) throws(VMMError) {
        let most = min(MachineConfiguration.mostProcessors, UInt32(max(system.value(of: .processors), 1)))
        guard configuration.processors >= 1, configuration.processors <= most else {
            throw VMMError(
                .configuration, "\(configuration.processors) processors: a machine on this host has 1 to \(most)")
        }
        try Thread.catchInterruptions()
        let memory = mapping.memory
        var machine = try system.makeMachine()
        try machine.createInterruptControllers(hidden: BootLayout.hidden)
        // unsafe because the mapping outlives the machine
        unsafe try machine.addMemory(at: memory.low.start, count: memory.low.count, host: memory.low.base)
        if memory.high.count > 0 {
            unsafe try machine.addMemory(at: memory.high.start, count: memory.high.count, host: memory.high.base)
        }
        for region in configuration.regions {
            // unsafe because whoever made the region keeps it until this machine is gone
            unsafe try machine.addMemory(
                at: region.address, count: region.count, host: region.base, readOnly: region.isReadOnly)
        }
        let gate = RunGate()
        let end = EndReport(gate: gate, report: report)
        let devices = try PlatformDevices(configuration, end: end)
        for line in devices.lines { try line.connect(to: machine) }
        let slots = try VirtioSlots(configuration.devices, memory: memory, failed: configuration.deviceFailed)
        try slots.connect(to: machine)
        let tables = ACPITables(
            processors: configuration.processors,
            board: Board(slots: slots.places, hasSerialPort: configuration.serial != nil))
        let start = try BootLoader(memory: mapping.backing).load(
            kernel: kernel, initrd: initrd, commandLine: configuration.commandLine,
            tables: try tables.bytes(at: BootLayout.tables))
        let features = ProcessorFeatures(
            supported: try system.supportedFeatures(), processors: configuration.processors,
            hasDeadlineTimer: system.value(of: .deadlineTimer) != 0)
        let surroundings = ProcessorThread.Surroundings(
            ports: try Bus(devices.ports), memory: try Bus(devices.addresses + slots.mappings), gate: gate, end: end)
        var processors: [ProcessorThread] = []
        for number in 0..<configuration.processors {
            let processor = try machine.makeProcessor(number)
            try processor.prepare(features: features.entries(for: number), start: number == 0 ? start : nil)
            processors.append(ProcessorThread(processor, surroundings))
        }
        self.processors = processors
        self.lines = devices.lines
        self.slots = slots
        self.board = devices.board
        self.gate = gate
        self.end = end
        self.machine = machine
        self.mapping = mapping
    }

    deinit { stop() }

    /// The guest's memory.
    var memory: GuestMemory { mapping.memory }

    /// Bytes of it that the host has given pages for.
    var memoryUsed: UInt64 { mapping.backing.used }

    /// Starts the threads of the processors, and, when all are ready, the guest.
    ///
    /// - Parameters:
    ///   - first: called on each of these threads before any of them is in the guest: what restricts a thread belongs
    ///     here. What it throws ends the guest.
    ///   - last: called on the caller's thread once they all wait, and before any of them is in the guest; what it throws
    ///     is passed on, and no thread ever is.
    func start(
        first: @escaping @Sendable () throws(VMMError) -> Void = {}, last: () throws(VMMError) -> Void = {}
    ) throws(VMMError) {
        for processor in processors { try processor.start(first) }
        gate.awaitWaiting(processors.count)
        do throws(VMMError) { try last() } catch {
            stop()
            throw error
        }
        gate.want(.running)
    }

    /// Takes all processors out of the guest, and returns when they are. The guest's time goes on.
    func pause() {
        gate.want(.paused)
        gate.awaitWaiting(processors.count)
    }

    /// Lets the processors go on.
    func resume() {
        for processor in processors { processor.clockWasPaused() }
        gate.want(.running)
    }

    /// Presses the power button: a guest whose drivers are loaded powers itself off, others take no notice.
    func pressPowerButton() { board.raise() }

    /// Ends the guest at once, whatever it does, and returns when no thread is in it any more. Not for a processor's
    /// thread.
    func stop() {
        gate.want(.stopped)
        for processor in processors { processor.join() }
        // No driver uses them any more, and the memory of their queues may go next.
        slots.stop()
    }

    /// Waits until the guest has ended, or was stopped.
    func awaitEnd() { gate.awaitStop() }

    /// How the guest ended by itself; nil while it has not.
    var guestEnd: GuestEnd? { end.known }

    /// How often processors left the guest.
    var exitCounts: ExitCounters.Snapshot { processors.reduce(ExitCounters.Snapshot()) { $0 + $1.exitCounts } }

    /// How long all processors' threads have run, in nanoseconds.
    var processorNanoseconds: UInt64 { processors.reduce(0) { $0 &+ $1.processorNanoseconds } }
}
