internal import Synchronization

/// A virtual processor and the thread that runs it.
final class ProcessorThread: Sendable {
    /// What is shared with the others of the machine.
    struct Surroundings: Sendable {
        let ports: Bus
        let memory: Bus
        let gate: RunGate
        let end: EndReport
    }

    private let processor: KVMProcessor
    private let surroundings: Surroundings
    private let exits = ExitCounters()
    private let thread = Mutex<Thread?>(nil)

    init(_ processor: consuming KVMProcessor, _ surroundings: Surroundings) {
        self.processor = processor
        self.surroundings = surroundings
    }

    /// Starts the thread, which first does `first` and then waits at the gate.
    ///
    /// - Parameter first: called on the thread before the guest's first instruction; what it throws ends the guest.
    func start(_ first: @escaping @Sendable () throws(VMMError) -> Void) throws(VMMError) {
        try thread.withLock { thread throws(VMMError) in
            thread = try Thread("vcpu\(processor.number)") { [unowned self] in
                do throws(VMMError) { try first() } catch {
                    return surroundings.end.tell(.failed(error.description))
                }
                run()
            }
        }
    }

    /// Takes it out of the guest; it then passes the gate.
    func kick() {
        processor.exitImmediately(true)
        thread.withLock { thread in
            switch thread {
            case .some(let running): running.interrupt()
            case .none: ()
            }
        }
    }

    /// Waits until the thread has ended.
    func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        thread.join()
    }

    /// While it waits at the gate: the guest's clock is to know that it did.
    func clockWasPaused() { processor.clockWasPaused() }

    /// How often it left the guest.
    var exitCounts: ExitCounters.Snapshot { exits.snapshot }

    /// How long it has run, in nanoseconds.
    var processorNanoseconds: UInt64 {
        thread.withLock { thread in
            switch thread {
            case .some(let running): running.processorNanoseconds
            case .none: 0
            }
        }
    }

    private func run() {
        surroundings.gate.enter(self)
        defer { surroundings.gate.leave(self) }
        guard surroundings.gate.pass() else { return }
        while true {
            switch processor.run() {
            case .port(let access):
                exits.countPort()
                surroundings.ports.answer(access)
            case .memory(let access):
                exits.countMemory()
                surroundings.memory.answer(access)
            case .interrupted:
                exits.countInterruption()
                // First this, then the gate: who changes the gate asks for another exit afterwards.
                processor.exitImmediately(false)
                guard surroundings.gate.pass() else { return }
            case .shutdown: return surroundings.end.tell(.tripleFault(processor: processor.number))
            case .halted: return surroundings.end.tell(.failed("processor \(processor.number) halted for ever"))
            case .failed(let code): return surroundings.end.tell(.failed(processor.description(ofFailure: code)))
            }
        }
    }
}
