internal import Wire

extension HypervisorJail {
    /// What bulkhead-vmm is told; paths are the jail's. `emulator`: nil where it executes the guest itself.
    static func setup(
        _ configuration: MachineConfiguration, accelerator: Accelerator, emulator: String?, shareServer: String?,
        kernelOptions: [String]
    ) -> MachineSetup {
        var setup = MachineSetup(
            accelerator: accelerator.rawValue, emulator: emulator, processors: configuration.processors,
            memory: configuration.memory, kernel: HypervisorJail.kernel, initrd: HypervisorJail.initrd,
            commandLine: (kernelOptions + options(configuration)).joined(separator: " "),
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

    /// What every guest's kernel is told, whatever executes it.
    private static func options(_ configuration: MachineConfiguration) -> [String] {
        var words = [
            "quiet", "8250.nr_uarts=1",
            // A panic resets the machine at once, and it ends: the reason stands on the console.
            "panic=-1",
            // The kernel's tests of its own ciphers are 0.2 s of a boot in software emulation.
            "cryptomgr.notests", "random.trust_cpu=on",
            // The kernel passes this on to /init: without it the Swift runtime asks /proc for its own path before
            // anything is mounted, and gives up.
            "SWIFT_ROOT=/",
        ]
        if configuration.diskPath != nil { words.append("bulkhead.disk=1") }
        for share in configuration.shares { words.append("bulkhead.\(share.tag)=1") }
        return words + configuration.kernelOptions
    }
}

extension MachineConfiguration {
    /// Whether a machine can be like this.
    ///
    /// - Throws: ``MachineError`` of kind `invalid` for a size that can't be, `missing` for a share without a server.
    func check(mostProcessors: Int, shareServer: String?) throws(MachineError) {
        guard processors > 0, processors <= mostProcessors else {
            throw MachineError(
                .invalid, "machine: \(processors) processors; 1 to \(mostProcessors) are possible")
        }
        guard memory >= 128 << 20 else {
            throw MachineError(.invalid, "machine: \(memory >> 20) MiB of memory; a guest needs at least 128 MiB")
        }
        if !shares.isEmpty && shareServer == nil {
            throw MachineError(.missing, "virtiofsd: not there; install virtiofsd (or qemu-system-common)")
        }
    }
}
