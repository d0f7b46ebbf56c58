/// What can run a machine: the seam between the engine and what executes guests, a QEMU or our own VMM.
///
/// A hypervisor only plans: it turns a configuration into a jail that a monitor runs. Everything that happens while the
/// machine runs goes through the sockets that the plan names, so it is the same whoever emulates the hardware.
public protocol Hypervisor: Sendable {
    /// Its name as users choose it: `qemu`, `kvm`.
    var name: String { get }
    /// What executes the guest's instructions.
    var accelerator: Accelerator { get }
    /// What machines of this hypervisor can have.
    var capabilities: HypervisorCapabilities { get }
    /// The kernel's modules that its guests need beyond what every guest needs, each before those that find it there.
    var modules: [String] { get }
    /// Plans a machine, and makes the directories that the plan needs below `runDirectory`.
    func launch(_ configuration: MachineConfiguration) throws(MachineError) -> MachineLaunch
}

/// What executes a guest's instructions.
public enum Accelerator: String, Sendable {
    /// The processor itself, through the kernel's KVM.
    case kvm
    /// Software emulation (QEMU's TCG).
    case tcg
}

/// What a hypervisor can give a machine.
public struct HypervisorCapabilities: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    /// From the bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// A folder of the host in the guest, while it runs.
    public static let share = HypervisorCapabilities(rawValue: 1)
    /// A state that can be saved and resumed.
    public static let snapshot = HypervisorCapabilities(rawValue: 2)
}

/// Which hypervisor is wanted.
public enum HypervisorChoice: String, Sendable, CaseIterable {
    /// The best that this host can run.
    case auto
    /// Our own VMM.
    case kvm
    /// QEMU, with hardware virtualisation where there is some.
    case qemu

    /// The hypervisor for this host.
    ///
    /// - Throws: ``MachineError`` that says what is missing.
    public func hypervisor() throws(MachineError) -> any Hypervisor {
        switch self {
        case .auto where HostProcessor.hasHardwareVirtualisation: return try KVMHypervisor()
        case .auto, .qemu: return try QEMUHypervisor()
        case .kvm: return try KVMHypervisor()
        }
    }
}
