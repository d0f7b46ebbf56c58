import Synchronization
import TestKit

/// A machine of ours within the rig: `bulkhead-vmm --boot` with a kernel of Debian's, whose first process runs what it is
/// asked to over the socket device (scripts/vm-guest).
struct RigMachine: Sendable {
    /// What it boots, on the disk that scripts/make-vm-guest makes.
    enum Kernel: String {
        case cloud = "cloud/vmlinux"
        case compressedCloud = "cloud/bzImage"
        case generic = "generic/vmlinux"
        var initrd: String { rawValue.prefix { $0 != "/" } + "/initrd" }
    }

    /// Where the rig has that disk.
    static let disk = "/mnt"
    /// Sends and checks streams, on either side.
    static let peer = "\(disk)/bin/peer"
    /// The modules of all devices that a machine here may have.
    static let everyModule = [
        "virtio_blk", "virtio_net", "virtio_console", "virtio_rng", "virtio_balloon", "virtio_pmem", "nd_pmem",
        "virtiofs",
        "button", "evdev", "pvpanic-mmio",
    ]

    /// A folder of its own: the sockets `v` and `v_<port>`, its `console`, its `log`, its number `pid`, its commands `in`.
    let folder: String

    /// Starts one, and waits until its guest is ready.
    ///
    /// - Parameters:
    ///   - options: those of `--boot`, besides kernel, initrd, command line and sockets.
    ///   - modules: what the guest loads besides the socket device's.
    static func start(
        _ name: String, _ kernel: Kernel = .cloud, options: String = "", modules: [String] = [], in rig: inout Rig
    ) throws -> RigMachine {
        let machine = RigMachine(folder: "/tmp/vm/\(name)")
        let load = (["virtio_mmio", "vmw_vsock_virtio_transport"] + modules).joined(separator: ",")
        // panic=-1 would reset at once; with pvpanic loaded that is told before.
        let line = "console=ttyS0 quiet loglevel=4 panic=-1 cryptomgr.notests load=\(load)"
        let boot =
            "/host/bin/bulkhead-vmm --boot \(disk)/\(kernel.rawValue) --initrd \(disk)/\(kernel.initrd) "
            + "--vsock 3:v --command-line '\(line)' \(options)"
        // The lock is free when the machine has ended. Its guest connects to port 1 when it is ready.
        let script = """
            mkdir -p \(machine.folder) && cd \(machine.folder) && mkfifo in || exit 1
            \(peer) receive unix-listen:v_1 0 >/dev/null & ready=$!
            ( flock 9; exec 8<>in; \(boot) <&8 >console 2>log & echo $! >pid; wait $!; echo $? >code ) 9>alive >/dev/null 2>&1 &
            ended=$!
            wait -n $ready $ended
            [ ! -e code ] || { kill $ready; cat log console; exit 1; }
            """
        let result = try rig.run(script)
        guard result.code == 0 else {
            throw RigError(machine: "\(boot)\n\(result.output)\(result.error)")
        }
        return machine
    }

    /// The machine with every device, which the tests of devices share: it never ends before the rig does.
    static func shared(in rig: inout Rig, _ session: RigSession) throws -> RigMachine {
        let known = session.machine.withLock { $0 }
        if let known { return try known.get() }
        let result = Result { try startShared(in: &rig) }
        session.machine.withLock { $0 = result }
        return try result.get()
    }

    private static func startShared(in rig: inout Rig) throws -> RigMachine {
        try rig.succeed(
            """
            mountpoint -q \(disk) || mount -t erofs -o ro /dev/vdc \(disk)
            mkdir -p /tmp/shared && cd /tmp/shared && mkdir folder && cp \(disk)/pmem.ext4 pmem
            truncate -s 64M disk && head -c 1M /dev/urandom >constant
            ip tuntap add tap0 mode tap vnet_hdr && ip addr add 10.9.0.1/24 dev tap0 && ip link set tap0 up
            """)
        try serve("/tmp/shared/folder", at: "/tmp/shared/server", in: &rig)
        let options =
            "--memory 512 --processors 2 --disk /tmp/shared/disk --disk /tmp/shared/constant,ro --pmem /tmp/shared/pmem,ro "
            + "--tap tap0 --share share:/tmp/shared/server --console words:/tmp/shared/words --balloon"
        let machine = try start("shared", options: options, modules: everyModule, in: &rig)
        _ = try machine.shell(
            "ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up && mkdir -p /run/share /run/pmem", in: &rig)
        return machine
    }

    /// Starts a server of the rig's for a folder, and waits until it listens.
    static func serve(_ folder: String, at socket: String, in rig: inout Rig) throws {
        try rig.succeed(
            """
            mkfifo \(socket).says
            \(disk)/lib/ld-linux-x86-64.so.2 --library-path \(disk)/lib \(disk)/virtiofsd --socket-path=\(socket) \\
                -o source=\(folder) -o sandbox=chroot >\(socket).says 2>&1 &
            grep -m 1 -q Waiting \(socket).says && { cat \(socket).says >/dev/null & }
            """)
    }

    /// Has the guest run a script to its end, and gives what it said; another code than 0 is an error.
    @discardableResult
    func shell(_ script: String, in rig: inout Rig, deadline: Int = Rig.patience) throws -> String {
        let result = try rig.run("exec \(words)", input: Array(script.utf8), deadline: deadline)
        guard result.code == 0 else {
            let log = try rig.run("cat \(folder)/log; tail -c 2000 \(folder)/console").output
            throw RigError(
                machine: "in the guest: \(script): code \(result.code)\n\(result.output)\(result.error)\n\(log)")
        }
        return result.output
    }

    /// The words of a command of the rig's that has the guest run the script on its standard input.
    var words: String { "\(RigMachine.peer) shell unix:\(folder)/v:1000" }

    /// Waits until it has ended by itself, and gives its exit code.
    func end(in rig: inout Rig, deadline: Int = Rig.patience) throws -> Int? {
        let code = try rig.run("flock \(folder)/alive cat \(folder)/code", deadline: deadline)
        return Int(code.output.filter { $0.isNumber })
    }

    /// Waits until it has ended, and fails if it did so in another way.
    func expectEnd(_ code: Int, saying words: String = "", in rig: inout Rig) throws {
        let ended = try end(in: &rig)
        let log = try log(in: &rig)
        try check(ended == code && (words.isEmpty || log.contains(words)), "it ended with \(ended ?? -1): \(log)")
    }

    /// What the VMM said.
    func log(in rig: inout Rig) throws -> String { try rig.succeed("cat \(folder)/log") }

    /// Bytes of the guest's memory that the host has given pages for.
    func residentMemory(in rig: inout Rig) throws -> Int {
        let text = try rig.succeed(
            "awk '/memfd:guest/ { found = 1 } found && /^Rss:/ { sum += $2; found = 0 } END { print sum }' /proc/$(cat \(folder)/pid)/smaps"
        )
        guard let kilobytes = Int(text.filter(\.isNumber)) else {
            throw RigError(description: "no memory in smaps: \(text)")
        }
        return kilobytes << 10
    }
}

/// What must be so: thrown, for an expectation on the rig's own thread would belong to no test.
func check(_ condition: Bool, _ story: @autoclosure () -> String) throws {
    if !condition { throw RigError(description: story()) }
}
