internal import Linux
internal import Wire

/// What is known of a machine's life, and what its end means: without input and output.
struct MachineLife {
    /// How far it has come.
    enum Phase: Equatable {
        /// QEMU has been started; the agent has said nothing yet.
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
    /// Decided before the hypervisor was made to end.
    private var decided: Outcome?
    private var shutdownReason: String?
    private var greeted = false

    mutating func agentIsReady() {
        if phase == .booting { phase = .running }
    }

    mutating func askedToStop() { phase = .stopping }

    mutating func hypervisorGreeted() { greeted = true }

    mutating func hypervisorSaid(shutdown reason: String) { shutdownReason = reason }

    /// Settles why the machine ends; the first reason stays.
    mutating func decide(_ outcome: Outcome) {
        if decided == nil { decided = outcome }
    }

    /// What it means that the hypervisor's process has ended.
    func outcome(of end: ProcessEnd, panic: String?) -> Outcome {
        if let panic { return Outcome(.panicked, panic) }
        if let decided { return decided }
        switch (end, shutdownReason) {
        case (_, "guest-shutdown"): return Outcome(.poweredOff)
        case (_, "guest-panic"): return Outcome(.panicked)
        case (_, "guest-reset"): return phase == .stopping ? Outcome(.poweredOff) : Outcome(.reset)
        case (.signaled(let signal), _): return Outcome(.killed, "QEMU, by signal \(signal)")
        case (.exited(let code), "host-signal"): return Outcome(.killed, "QEMU was told to end (code \(code))")
        case (.exited(let code), _):
            let detail = "QEMU ended with code \(code); its message is on the machine's console"
            return greeted ? Outcome(.killed, detail) : Outcome(.notStarted, detail)
        }
    }
}
