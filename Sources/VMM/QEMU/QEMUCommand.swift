internal import Wire

/// The command line of QEMU for one machine: a pure function of the setup.
///
/// The board is `microvm`: no BIOS beyond the loader, no PCI, virtio devices on virtio-mmio, described in ACPI, because
/// Debian's kernel can't take them from its command line.
struct QEMUCommand {
    let setup: MachineSetup

    /// The numbers under which QEMU finds the descriptors that it inherits.
    enum Inherited {
        static let console: Int32 = 3
        static let port: Int32 = 4
        static let control: Int32 = 5
        static let tap: Int32 = 6
        /// Those of the shared folders' servers, from here on.
        static let shares: Int32 = 7
    }

    var arguments: [String] { board + channels + disks + network + sharedFolders + confinement }

    private var board: [String] {
        var machine = "microvm,x-option-roms=off,isa-serial=on,acpi=on,rtc=on"
        if !setup.shares.isEmpty { machine += ",memory-backend=memory" }
        return [
            // Its name in the host's list of processes is all that QEMU shows of it.
            "-name", "bulkhead", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-M", machine, "-accel", accelerator, "-cpu", processor,
            "-smp", "\(setup.processors)", "-m", "size=\(setup.memory >> 10)k",
            // The guest's drivers want virtio 1, and virtiofsd ends where it meets anything older.
            "-global", "virtio-mmio.force-legacy=false",
            "-kernel", setup.kernel, "-initrd", setup.initrd, "-append", setup.commandLine,
        ]
    }

    private var accelerator: String {
        // Translated code for the kernel and some applications; QEMU would take up to 1 GiB.
        setup.accelerator == "tcg" ? "tcg,thread=multi,tb-size=128" : setup.accelerator
    }

    private var processor: String {
        // No machines within machines; page tables of five levels only make emulated walks longer. Without erms and fsrm
        // the kernel clears and copies memory by words: emulated, a byte takes as long as a word.
        setup.accelerator == "tcg" ? "max,la57=off,svm=off,erms=off,fsrm=off" : "host"
    }

    private var channels: [String] {
        [
            "-chardev", "socket,id=console,fd=\(Inherited.console)", "-serial", "chardev:console",
            "-chardev", "socket,id=control,fd=\(Inherited.control)", "-mon", "chardev=control,mode=control",
            "-chardev", "socket,id=port,fd=\(Inherited.port)",
            "-device", "virtio-serial-device,max_ports=2",
            "-device", "virtserialport,chardev=port,name=\(MachineSetup.portName)",
        ]
    }

    private var disks: [String] {
        var arguments: [String] = []
        if let image = setup.image {
            arguments += drive(MachineSetup.imageSerial, image, "read-only=on,file.locking=off")
        }
        if let disk = setup.disk {
            arguments += drive(MachineSetup.diskSerial, disk, "discard=unmap")
        }
        return arguments
    }

    private func drive(_ serial: String, _ path: String, _ options: String) -> [String] {
        [
            "-blockdev",
            "driver=raw,node-name=\(serial),\(options),file.driver=file,file.filename=\(QEMUCommand.escape(path))",
            "-device", "virtio-blk-device,drive=\(serial),serial=\(serial)",
        ]
    }

    private var network: [String] {
        guard let address = setup.hardwareAddress else { return [] }
        return [
            "-netdev", "tap,id=network,fd=\(Inherited.tap)",
            "-device", "virtio-net-device,netdev=network,mac=\(address)",
        ]
    }

    private var sharedFolders: [String] {
        guard !setup.shares.isEmpty else { return [] }
        // virtiofsd reads and writes the guest's memory directly.
        var arguments = ["-object", "memory-backend-memfd,id=memory,size=\(setup.memory >> 10)k,share=on"]
        for (index, share) in setup.shares.enumerated() {
            arguments += [
                "-chardev", "socket,id=\(share.tag),fd=\(Inherited.shares + Int32(index))",
                "-device", "vhost-user-fs-device,chardev=\(share.tag),tag=\(share.tag)",
            ]
        }
        return arguments
    }

    private var confinement: [String] {
        // Changing its user is one of the privileged calls: those are denied only where it keeps the one it has. What a
        // program could gain by being executed is denied by the jail.
        let privileges = setup.user == nil ? "deny" : "allow"
        var arguments = [
            "-sandbox", "on,obsolete=deny,elevateprivileges=\(privileges),spawn=deny,resourcecontrol=deny",
        ]
        if let user = setup.user { arguments += ["-runas", user] }
        return arguments
    }

    /// QEMU's options are separated by commas; one within a value is doubled.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            escaped.append(character)
            if character == "," { escaped.append(character) }
        }
        return escaped
    }
}
