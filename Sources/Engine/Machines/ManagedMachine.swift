/// A machine with what the engine holds for it while it runs. Used in the engine's isolation only.
final class ManagedMachine {
    /// What is known of it.
    var record: MachineRecord
    /// One transition at a time.
    let gate = Gate()
    /// Who runs its hypervisor.
    var monitor: MonitorClient?

    init(_ record: MachineRecord) { self.record = record }
}
