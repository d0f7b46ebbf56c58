internal import Wire

/// What is known of a machine's life, and what its end means: without input and output.
struct MachineLife {
    /// How far it has come.
    enum Phase: Equatable {
        /// The guest has been started; the agent has said nothing yet.
        case booting
        /// The agent is ready.
        case running
        /// It has been asked to power off.
        case stopping
    }

    /// How it ended, and why in one line.
    struct Outcome: Equatable {
        let end: MachineEnd
        let reason: String

        init(_ end: MachineEnd, _ detail: String? = nil) {
            self.end = end
            reason = detail.map { "\(end.reason): \($0)" } ?? end.reason
        }
    }

    private(set) var phase = Phase.booting
    /// Decided before the hardware was made to end.
    private var decided: Outcome?

    mutating func agentIsReady() {
        if phase == .booting { phase = .running }
    }

    mutating func askedToStop() { phase = .stopping }

    /// Settles why the machine ends; the first reason stays.
    mutating func decide(_ outcome: Outcome) {
        if decided == nil { decided = outcome }
    }

    /// What it means that the hardware has ended; `panic`: what the guest's kernel printed as its reason.
    func outcome(of end: HardwareEnd, panic: String?) -> Outcome {
        if let panic { return Outcome(.panicked, panic) }
        if let decided { return decided }
        switch end {
        case .poweredOff: return Outcome(.poweredOff)
        case .panicked: return Outcome(.panicked)
        case .reset(let detail): return phase == .stopping ? Outcome(.poweredOff) : Outcome(.reset, detail)
        case .notStarted(let detail): return Outcome(.notStarted, detail)
        case .killed(let detail): return Outcome(.killed, detail)
        }
    }
}
