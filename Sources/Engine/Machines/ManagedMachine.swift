import Machines

/// A machine with what the engine holds for it while it runs: a named one, or the anonymous one of a container, which
/// has the container's identifier and no row in the database. Used in the engine's isolation only.
final class ManagedMachine {
    /// What is known of it.
    var record: MachineRecord
    /// Whether it belongs to one container.
    let isAnonymous: Bool
    /// One transition at a time.
    let gate = Gate()
    /// Who runs its hypervisor.
    var monitor: MonitorClient?
    /// The connection to its agent.
    var agent: MonitorClient?
    /// Where further connections to its agent are made.
    var guestSocket = ""
    /// How many containers use what is shared with it, by its path in the jail; 0: it is there for the next one.
    var shares: [String: Int] = [:]
    /// One change of what is shared at a time.
    let sharing = Gate()
    /// Who waits until its hypervisor has ended.
    var waiters: [ExitWaiter] = []

    init(_ record: MachineRecord, isAnonymous: Bool = false) {
        self.record = record
        self.isAnonymous = isAnonymous
    }

    var id: String { record.id }
    var name: String { record.specification.name }

    /// Whether its agent answers.
    var isRunning: Bool { if case .running = record.state { true } else { false } }
}

/// What a machine is booted with, beyond its specification.
struct MachineParts: Sendable {
    var imagePath: String?
    var diskPath: String
    var share: Bool
    var layers = false
    /// Its network interface; nil: none.
    var hardwareAddress: String?
    var logPath: String
    var exitRecordPath: String
}
