import Linux
import Wire

/// Why a machine has ended, in words.
enum LastWords {
    /// A line is all that a hypervisor's process has to say; a compromised one must not fill our memory.
    private static let limit = 4096

    /// What bulkhead-vmm has written down before it ended; nil where it had no time to.
    static func written(guestSocket: String) -> String? {
        // No such file, or one that is no line: it has said nothing.
        guard
            let file = try? Descriptor.open(
                MachineSetup.reasonPath(guestSocket: guestSocket), [.readOnly, .nonblocking]),
            let bytes = try? file.readAll(limit: limit)
        else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
        return line.isEmpty ? nil : String(line)
    }

    /// What the end of its monitor's container means.
    static func meaning(of end: MonitorClient.End) -> String {
        guard case .told(let record) = end else { return "the machine's monitor was killed" }
        switch record.status {
        case .exited(let code):
            return MachineEnd(rawValue: code)?.reason ?? "the machine has ended with code \(code); its console says why"
        case .signaled(_, outOfMemory: true): return "the machine's hypervisor was killed for its memory limit"
        case .signaled(let signal, _): return "the machine's hypervisor was killed by signal \(signal)"
        case .lost(let reason): return reason
        }
    }
}
