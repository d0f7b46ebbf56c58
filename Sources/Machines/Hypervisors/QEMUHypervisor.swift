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
        shareServer = ["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd"]
            .first { Files.exists($0) }
        accelerator = HostProcessor.hasHardwareVirtualisation ? .kvm : .tcg
        clock = TimestampClock.shared
    }

    /// `qemu`.
    public var name: String { "qemu" }

    /// A share, when there is a virtiofsd.
    public var capabilities: HypervisorCapabilities { shareServer == nil ? [] : .share }

    /// Plans a machine.
    ///
    /// - Throws: ``MachineError`` of kind `missing` for a share without a virtiofsd, `invalid` for a size that can't be.
    public func launch(_ configuration: MachineConfiguration) throws(MachineError) -> MachineLaunch {
        guard configuration.processors > 0, configuration.processors <= 255 else {
            throw MachineError(.invalid, "machine: \(configuration.processors) processors; 1 to 255 are possible")
        }
        guard configuration.memory >= 128 << 20 else {
            throw MachineError(
                .invalid, "machine: \(configuration.memory >> 20) MiB of memory; a guest needs at least 128 MiB")
        }
        if !configuration.shares.isEmpty && shareServer == nil {
            throw MachineError(.missing, "virtiofsd: not there; install virtiofsd (or qemu-system-common)")
        }
        let jail = HypervisorJail(configuration, devices: accelerator == .kvm ? ["/dev/kvm"] : [])
        try jail.makeDirectories()
        let setup = setup(configuration)
        return MachineLaunch(
            specification: jail.specification(
                arguments: [HypervisorJail.program, "--setup", setup.json.description],
                folders: ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"].filter { Files.exists($0) }),
            root: .directory(jail.root),
            guestSocket: jail.sockets + "/guest.sock", controlSocket: jail.sockets + "/control.sock",
            wantsTap: configuration.hardwareAddress != nil)
    }

    /// What bulkhead-vmm is told; paths are the jail's.
    func setup(_ configuration: MachineConfiguration) -> MachineSetup {
        var setup = MachineSetup(
            accelerator: accelerator.rawValue, emulator: emulator, processors: configuration.processors,
            memory: configuration.memory, kernel: HypervisorJail.kernel, initrd: HypervisorJail.initrd,
            commandLine: commandLine(configuration).joined(separator: " "),
            guestSocket: HypervisorJail.sockets + "/guest.sock",
            controlSocket: HypervisorJail.sockets + "/control.sock")
        setup.image = configuration.imagePath == nil ? nil : HypervisorJail.image
        setup.disk = configuration.diskPath == nil ? nil : HypervisorJail.disk
        setup.shares = configuration.shares
        setup.shareServer = shareServer
        setup.hardwareAddress = configuration.hardwareAddress
        setup.tap = configuration.hardwareAddress == nil ? nil : 3
        setup.user = HypervisorJail.user
        setup.bootDeadline = configuration.bootDeadline
        return setup
    }

    private func commandLine(_ configuration: MachineConfiguration) -> [String] {
        var words = [
            "console=ttyS0", "quiet", "8250.nr_uarts=1",
            // A panic resets the machine at once, and QEMU ends: the reason stands on the console.
            "panic=-1",
            // The kernel's tests of its own ciphers are 0.2 s of a boot in software emulation.
            "cryptomgr.notests", "random.trust_cpu=on", "no_timer_check", "tsc=reliable",
            // The kernel passes this on to /init: without it the Swift runtime asks /proc for its own path before
            // anything is mounted, and gives up.
            "SWIFT_ROOT=/",
        ]
        if accelerator == .tcg {
            // Without help the kernel measures the counter against the PIT, which fails where the host is busy. On a
            // board without other timers it then waits for ever (seen in one of six boots under load).
            if let rate = clock.kilohertz { words.append("tsc_early_khz=\(rate)") }
            // The emulated processor does not speculate: retpolines and flushes only take time.
            words.append("mitigations=off")
        }
        if configuration.imagePath != nil { words.append("bulkhead.image=1") }
        if configuration.diskPath != nil { words.append("bulkhead.disk=1") }
        for share in configuration.shares { words.append("bulkhead.\(share.tag)=1") }
        return words + configuration.kernelOptions
    }
}
