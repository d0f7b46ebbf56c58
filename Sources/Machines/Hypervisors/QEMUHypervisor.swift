internal import Linux
internal import OCI
internal import Wire

/// Machines driven by an installed QEMU, supervised by bulkhead-vmm.
public struct QEMUHypervisor: Hypervisor {
    /// What executes the guest's instructions.
    public let accelerator: Accelerator
    private let emulator: String
    private let shareServer: String?
    private let clock: TimestampClock

    /// Finds QEMU and what accelerates it on this host.
    ///
    /// - Throws: ``MachineError`` of kind `missing` where QEMU is not installed.
    public init() throws(MachineError) {
        let programs = ["/usr/bin/qemu-system-x86_64", "/usr/local/bin/qemu-system-x86_64"]
        guard let emulator = programs.first(where: { Files.exists($0) }) else {
            throw MachineError(.missing, "QEMU: no qemu-system-x86_64; install qemu-system-x86")
        }
        self.emulator = emulator
        shareServer = HypervisorJail.shareServer
        accelerator = HostProcessor.hasHardwareVirtualisation ? .kvm : .tcg
        clock = TimestampClock.shared
    }

    /// `qemu`.
    public var name: String { "qemu" }

    /// A share, when there is a virtiofsd.
    public var capabilities: HypervisorCapabilities { shareServer == nil ? [] : .share }

    /// None.
    public var modules: [String] { [] }

    /// Plans a machine.
    ///
    /// - Throws: ``MachineError`` of kind `missing` for a share without a virtiofsd, `invalid` for a size that can't be.
    public func launch(_ configuration: MachineConfiguration) throws(MachineError) -> MachineLaunch {
        try configuration.check(mostProcessors: 255, shareServer: shareServer)
        let jail = HypervisorJail(configuration, devices: accelerator == .kvm ? ["/dev/kvm"] : [], emulates: true)
        return try jail.launch(setup(configuration))
    }

    /// What bulkhead-vmm is told; paths are the jail's.
    func setup(_ configuration: MachineConfiguration) -> MachineSetup {
        var words = ["console=ttyS0", "tsc=reliable", "no_timer_check"]
        if accelerator == .tcg {
            // Without help the kernel measures the counter against the PIT, which fails where the host is busy. On a
            // board without other timers it then waits for ever (seen in one of six boots under load).
            if let rate = clock.kilohertz { words.append("tsc_early_khz=\(rate)") }
            // The emulated processor does not speculate: retpolines and flushes only take time.
            words.append("mitigations=off")
        }
        return HypervisorJail.setup(
            configuration, accelerator: accelerator, emulator: emulator, shareServer: shareServer,
            kernelOptions: words + (configuration.imagePath == nil ? [] : ["bulkhead.image=1"]))
    }
}
