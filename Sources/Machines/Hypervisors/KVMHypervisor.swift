internal import Linux
internal import OCI
internal import Wire

/// Machines of our own VMM, on KVM: bulkhead-vmm is the machine itself.
public struct KVMHypervisor: Hypervisor {
    private let shareServer: String?

    /// Looks whether this host can run them.
    ///
    /// - Throws: ``MachineError`` of kind `missing` where there is no usable KVM, and why.
    public init() throws(MachineError) {
        do {
            _ = try Descriptor.open("/dev/kvm", .readWrite)
        } catch {
            throw MachineError(.missing, "hypervisor kvm: \(error); load the module kvm_intel or kvm_amd")
        }
        guard HostProcessor.hasHardwareVirtualisation else {
            throw MachineError(
                .missing,
                "hypervisor kvm: the processor has neither VT-x nor SVM, so that /dev/kvm can't run Linux; choose qemu")
        }
        self.init(shareServer: HypervisorJail.shareServer)
    }

    /// For a host that can run them.
    init(shareServer: String?) { self.shareServer = shareServer }

    /// `kvm`.
    public var name: String { "kvm" }

    /// KVM.
    public var accelerator: Accelerator { .kvm }

    /// A share, when there is a virtiofsd.
    public var capabilities: HypervisorCapabilities { shareServer == nil ? [] : .share }

    /// For memory that is given back to the host, and for the image as memory.
    public var modules: [String] { ["virtio_balloon", "nd_pmem", "virtio_pmem"] }

    /// Plans a machine.
    ///
    /// - Throws: ``MachineError`` of kind `missing` for a share without a virtiofsd, `invalid` for a size that can't be.
    public func launch(_ configuration: MachineConfiguration) throws(MachineError) -> MachineLaunch {
        try configuration.check(mostProcessors: 32, shareServer: shareServer)
        var words = [
            "console=ttyS0", "tsc=reliable", "no_timer_check",
            // There is a keyboard controller only so that a reset finds it: probing for more takes time.
            "reboot=k", "i8042.noaux", "i8042.nomux", "i8042.dumbkbd",
        ]
        if configuration.imagePath != nil { words.append("bulkhead.image=pmem") }
        let setup = HypervisorJail.setup(
            configuration, accelerator: .kvm, emulator: nil, shareServer: shareServer, kernelOptions: words)
        return try HypervisorJail(configuration, devices: ["/dev/kvm"], emulates: false).launch(setup)
    }
}
