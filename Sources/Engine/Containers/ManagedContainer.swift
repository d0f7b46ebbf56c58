/// A container with what the engine holds for it while it works. Used in the engine's isolation only.
final class ManagedContainer {
    /// What is known of it.
    var record: ContainerRecord
    /// One transition at a time.
    let gate = Gate()
    /// Who runs it.
    var monitor: MonitorClient?
    /// Who ran it and still cleans up: cgroup and socket are gone when it is.
    var endingMonitor: MonitorClient?
    /// Who waits for its end.
    var waiters: [ExitWaiter] = []
    /// Whether its anonymous volumes go with it.
    var removesVolumes = false
    /// Who wants its streams from its next start on.
    var tickets: [AttachTicket] = []
    /// Whether it is stopped only to be started again: then its end does not remove it.
    var isBeingRestarted = false
    /// Its restart, while that is waited for.
    var restart: Task<Void, Never>?
    /// The machine of its own that it runs in, or the named one, while it runs there.
    var machine: ManagedMachine?
    /// What it has in the share of its machine.
    var shares: [String] = []
    /// The halting of its own machine, after its end.
    var endingMachine: Task<Void, Never>?
    /// Its execs, by identifier.
    var execs: [String: ExecRecord] = [:]

    init(_ record: ContainerRecord) { self.record = record }

    var id: String { record.id }

    var rules: ContainerRules {
        ContainerRules(
            id: record.id, name: record.name, restart: record.specification.restart,
            autoRemove: record.specification.autoRemove && !isBeingRestarted)
    }
}
