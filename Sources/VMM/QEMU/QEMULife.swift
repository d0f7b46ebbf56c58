internal import Linux

/// What QEMU has said of itself, and what the end of its process means: without input and output.
struct QEMULife {
    private var shutdownReason: String?
    private var greeted = false

    /// It has started up to the point where it speaks.
    mutating func hasGreeted() { greeted = true }

    /// It will end, for this reason (QMP, ShutdownCause).
    mutating func said(shutdown reason: String) { shutdownReason = reason }

    /// What it means that the process has ended.
    func outcome(of end: ProcessEnd) -> HardwareEnd {
        switch (end, shutdownReason) {
        case (_, "guest-shutdown"): .poweredOff
        case (_, "guest-panic"): .panicked
        case (_, "guest-reset"): .reset(nil)
        case (.signaled(let signal), _): .killed("QEMU, by signal \(signal)")
        case (.exited(let code), "host-signal"): .killed("QEMU was told to end (code \(code))")
        case (.exited(let code), _):
            greeted ? .killed(QEMULife.message(code)) : .notStarted(QEMULife.message(code))
        }
    }

    private static func message(_ code: Int32) -> String {
        "QEMU ended with code \(code); its message is on the machine's console"
    }
}
