/// Machines driven by an installed QEMU, supervised by bulkhead-vmm.
public struct QEMUHypervisor: Hypervisor {
    /// What executes the guest's instructions.
    public let accelerator: Accelerator

    /// Finds QEMU and what accelerates it on this host.
    public init() throws(MachineError) { accelerator = .tcg }

    /// `qemu`.
    public var name: String { "qemu" }
    /// A share, when there is a virtiofsd.
    public var capabilities: HypervisorCapabilities { .share }

    /// Plans a machine.
    public func launch(_ configuration: MachineConfiguration) throws(MachineError) -> MachineLaunch {
        throw MachineError(.missing, "machines: not ready yet")
    }
}
