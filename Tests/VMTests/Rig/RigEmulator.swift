/// The command line of the rig's QEMU.
///
/// The board is q35: on `microvm` without KVM Debian's kernel finds no clock to calibrate the TSC with, and stays there.
struct RigEmulator {
    /// The processor is always the same: with `max,svm=off` QEMU 7.2 runs the guest's first program wrongly (static busybox
    /// aborts in `_dl_get_origin`, every time). It lacks what is quick on a real one and slow in software: `erms` and `fsrm` have
    /// kernels copy by `rep movsb`, byte by byte, and `la57` walks one more level of page tables, of the guest's guests with each
    /// step of their own walks.
    static let processor = "max,la57=off,erms=off,fsrm=off"

    let image: RigImage
    let options: RigOptions
    /// The disk with the host's programs; nil for none.
    let programs: String?
    /// What the guest's kernel and processes write to the console goes to this file.
    let console: String
    /// The number of the socket, on QEMU's side, that is the agent's port.
    let port: Int32
    let monitor: RigMonitor

    /// Modules that the first process loads: what systemd would have, had it udev, and what tests need.
    private var modules: [String] {
        ["overlay", "veth", "bridge", "tun"] + (options.nestedVirtualization ? ["kvm-amd"] : []) + options.modules
    }

    /// The read-only disks behind the root file system's, in their order: /dev/vdb, /dev/vdc, …
    private var disks: [String] { ([programs] + options.disks + [options.kernel?.modules]).compactMap(\.self) }

    /// Where the kernel's modules are that is not the image's, before what loads some of them.
    private var moduleDisk: [String] {
        guard options.kernel != nil else { return [] }
        let letters = "bcdefghijklmnopqrstuvwxyz"
        return ["rig.modules-disk=vd\(letters[letters.index(letters.startIndex, offsetBy: disks.count - 1)])"]
    }

    private var commandLine: String {
        // The kernel finds QEMU's time stamps unstable and would read its HPET instead, which takes a device's access each
        // time: machines in the rig then run at half the speed. QEMU gives all processors the host's own counter.
        let words = [
            "tsc=reliable", "console=ttyS0", "oops=panic", "panic=-1", "loglevel=5", "mitigations=off",
            "random.trust_cpu=on",
            "cryptomgr.notests",
            "systemd.show_status=0", "systemd.log_target=null", "audit=0",
        ]
        let loaded = moduleDisk + ["rig.modules=" + modules.joined(separator: ",")]
        return (words + loaded + options.kernelWords).joined(separator: " ")
    }

    var arguments: [String] {
        var words = [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M", "q35", "-accel",
            "tcg,thread=multi",
            "-cpu", Self.processor, "-smp", "\(options.processors)",
            "-m", "\(options.memory)", "-kernel", options.kernel?.kernel ?? image.kernel,
            "-initrd", options.kernel?.initialFileSystem ?? image.initialFileSystem, "-append", commandLine,
            "-chardev", "file,id=console,path=\(console)", "-serial", "chardev:console", "-monitor", monitor.argument,
            "-chardev", "socket,id=port,fd=\(port)", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=port,name=rig",
            // Every boot writes to a snapshot of its own, which is gone with its QEMU.
            "-drive", "id=root,if=none,format=raw,file=\(image.rootFileSystem),snapshot=on,cache=unsafe",
            "-device", "virtio-blk-pci,drive=root",
        ]
        for (index, image) in disks.enumerated() {
            words += [
                "-drive", "id=disk\(index),if=none,format=raw,file=\(image),readonly=on",
                "-device", "virtio-blk-pci,drive=disk\(index)",
            ]
        }
        return words
    }
}
