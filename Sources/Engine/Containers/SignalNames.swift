import Glibc

/// Signals by name, as `kill -l` prints them, or number.
enum SignalNames {
    private static let numbers: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "ILL": SIGILL, "TRAP": SIGTRAP, "ABRT": SIGABRT,
        "IOT": SIGABRT, "BUS": SIGBUS, "FPE": SIGFPE, "KILL": SIGKILL, "USR1": SIGUSR1, "SEGV": SIGSEGV,
        "USR2": SIGUSR2, "PIPE": SIGPIPE, "ALRM": SIGALRM, "TERM": SIGTERM, "STKFLT": 16, "CHLD": SIGCHLD,
        "CLD": SIGCHLD, "CONT": SIGCONT, "STOP": SIGSTOP, "TSTP": SIGTSTP, "TTIN": SIGTTIN, "TTOU": SIGTTOU,
        "URG": SIGURG, "XCPU": SIGXCPU, "XFSZ": SIGXFSZ, "VTALRM": SIGVTALRM, "PROF": SIGPROF, "WINCH": SIGWINCH,
        "IO": SIGIO, "POLL": SIGIO, "PWR": 30, "SYS": SIGSYS, "RTMIN": 34, "RTMAX": 64,
    ]

    /// The number of `TERM`, `SIGTERM`, `15` or `RTMIN+3`.
    static func number(_ text: String) throws(EngineError) -> Int32 {
        if let number = Int32(text), (1...64).contains(number) { return number }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let number = numbers[name] { return number }
        for (base, sign) in [("RTMIN+", Int32(1)), ("RTMAX-", Int32(-1))] where name.hasPrefix(base) {
            let start: Int32 = sign > 0 ? 34 : 64
            if let offset = Int32(name.dropFirst(base.count)), (34...64).contains(start + sign * offset) {
                return start + sign * offset
            }
        }
        throw EngineError(.invalid, "invalid signal: \(text)")
    }
}
