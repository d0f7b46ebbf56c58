internal import Glibc
internal import Linux
internal import Monitor

/// Everything between the kernel's start of `/init` and the first request: modules, file systems, disks, network.
enum Bringup {
    private static let root = "/root"
    /// Where disks, image and share are found.
    static let folder = "/run/bulkhead"

    /// Does all of it.
    static func run() throws(BootError) {
        try loadModules()
        try mountFileSystems()
        try openConsole()
        try leaveInitialFileSystem()
        try enableControllers()
        let options = KernelOptions(commandLine: try text("/proc/cmdline"))
        try mountDisks(options)
        try step("the loopback interface") { () throws(SystemError) in
            var socket = try NetlinkSocket()
            try socket.bringLoopbackUp()
        }
        Privilege.setMask(0o022)
    }

    private static func step(_ name: String, _ body: () throws(SystemError) -> Void) throws(BootError) {
        do throws(SystemError) { try body() } catch { throw .step(name, error) }
    }

    private static func text(_ path: String) throws(BootError) -> String {
        do { return try Files.readText(path) } catch { throw .step("the kernel's files", error) }
    }

    /// The modules that whoever made the initial file system has put into it, in their order.
    private static func loadModules() throws(BootError) {
        let order = try text("/modules.order")
        for line in order.split(separator: "\n") where !line.isEmpty && !line.hasPrefix("#") {
            try step("the modules") { () throws(SystemError) in
                try FirstProcess.loadModule(line.hasPrefix("/") ? String(line) : "/\(line)")
            }
        }
    }

    private static func mountFileSystems() throws(BootError) {
        try step("the file systems") { () throws(SystemError) in
            try mount("tmpfs", "", data: "mode=0755,size=16m")
            try mount("proc", "/proc", [.noSetUserID, .noDevices, .noExecute])
            try mount("sysfs", "/sys", [.noSetUserID, .noDevices, .noExecute])
            try mount("devtmpfs", "/dev", [.noSetUserID, .noExecute], data: "mode=0755")
            try mount(
                "devpts", "/dev/pts", [.noSetUserID, .noExecute], data: "newinstance,ptmxmode=0666,mode=0620,gid=5")
            try mount("tmpfs", "/dev/shm", [.noSetUserID, .noDevices], data: "mode=1777")
            try mount("tmpfs", "/run", [.noSetUserID, .noDevices], data: "mode=0755")
            try mount("tmpfs", "/tmp", [.noSetUserID, .noDevices], data: "mode=1777")
            try mount("cgroup2", "/sys/fs/cgroup", [.noSetUserID, .noDevices, .noExecute])
        }
    }

    private static func mount(
        _ type: String, _ path: String, _ flags: MountFlags = [], data: String = ""
    ) throws(SystemError) {
        try Files.makeDirectories(root + path)
        try Mount.mount(type, at: root + path, type: type, flags, data: data)
    }

    /// The kernel has no console to give as long as there are no device nodes.
    private static func openConsole() throws(BootError) {
        try step("the console") { () throws(SystemError) in
            let console = try Descriptor.open(root + "/dev/console", [.readWrite, .noControllingTerminal])
            for number in Int32(0)...2 { try Program.duplicate(console.rawValue, to: number) }
        }
    }

    /// pivot_root(2), by which containers get their roots, can't leave the initial file system: so the machine itself
    /// leaves it, once and for all, and gives its memory back.
    private static func leaveInitialFileSystem() throws(BootError) {
        try step("the root") { () throws(SystemError) in
            for name in try Files.entries(of: "/") where "/\(name)" != root { try removeTree("/\(name)") }
            try FirstProcess.moveRoot(to: root)
            for name in ["/etc", "/var"] { try Files.makeDirectories(name) }
        }
    }

    private static func removeTree(_ path: String) throws(SystemError) {
        if FileStatus(path)?.kind == .directory {
            for name in try Files.entries(of: path) { try removeTree("\(path)/\(name)") }
            try Files.removeDirectory(path)
        } else {
            try Files.remove(path)
        }
    }

    /// Containers are limited by controllers, which must be enabled from the root downwards.
    private static func enableControllers() throws(BootError) {
        let controllers = try text("/sys/fs/cgroup/cgroup.controllers").split(whereSeparator: { $0.isWhitespace })
        try step("the cgroups") { () throws(SystemError) in
            try Files.set("/sys/fs/cgroup/cgroup.subtree_control", controllers.map { "+\($0)" }.joined(separator: " "))
        }
    }

    private static func mountDisks(_ options: KernelOptions) throws(BootError) {
        if let image = options.image {
            let device = image == .memory ? try memoryDevice() : try blockDevice(serial: "image")
            try step("the image") { () throws(SystemError) in
                try Files.makeDirectories(folder + "/image")
                // With DAX its files are mapped and read where they are: this machine keeps no copy.
                try Mount.mount(
                    device, at: folder + "/image", type: "erofs", .readOnly, data: image == .memory ? "dax=always" : "")
            }
        }
        if options.disk {
            let device = try blockDevice(serial: "disk")
            try step("the disk") { () throws(SystemError) in
                try Files.makeDirectories(folder + "/disk")
                // A new disk is all zeros: the kernel need not write those into its tables in the background.
                try Mount.mount(
                    device, at: folder + "/disk", type: "ext4", .noAccessTime, data: "noinit_itable")
            }
        }
        if options.share { try mountShare("share") }
        if options.layers { try mountShare("layers") }
    }

    private static func mountShare(_ tag: String) throws(BootError) {
        try step("the shared folder \(tag)") { () throws(SystemError) in
            try Files.makeDirectories("\(folder)/\(tag)")
            try Mount.mount(tag, at: "\(folder)/\(tag)", type: "virtiofs")
        }
    }

    /// The persistent memory. Unlike others its drivers find it behind the back of who loads them: reading this file of
    /// its bus waits until they have.
    private static func memoryDevice() throws(BootError) -> String {
        _ = try text("/sys/class/nd/ndctl0/device/wait_probe")
        return "/dev/pmem0"
    }

    /// The device that the hypervisor has given this serial number. The drivers have found their devices by the time
    /// their modules are loaded.
    private static func blockDevice(serial: String) throws(BootError) -> String {
        // Where there is no block device at all there is no such folder either.
        for name in (try? Files.entries(of: "/sys/block")) ?? [] {
            let text = (try? Files.readText("/sys/block/\(name)/serial")) ?? ""
            if text.prefix(while: { $0 != "\0" && !$0.isWhitespace }) == serial { return "/dev/\(name)" }
        }
        throw .missing("a disk with the serial number \(serial)")
    }
}
