internal import Synchronization

/// Tells once how a guest ended, and has its processors leave.
final class EndReport: Sendable {
    private let end = Mutex<GuestEnd?>(nil)
    private let gate: RunGate
    private let report: @Sendable (GuestEnd) -> Void

    init(gate: RunGate, report: @escaping @Sendable (GuestEnd) -> Void) {
        self.gate = gate
        self.report = report
    }

    /// How it ended; nil while it runs.
    var known: GuestEnd? { end.withLock { $0 } }

    /// Takes what somebody has come to know of the end. The first one counts, for the others are its consequences.
    func tell(_ new: GuestEnd) {
        let isFirst = end.withLock { end in
            guard end == nil else { return false }
            end = new
            return true
        }
        guard isFirst else { return }
        gate.want(.stopped)
        report(new)
    }
}
