internal import Glibc
internal import Linux
internal import OCI

/// The child's ends of its standard streams.
struct ChildStreams: ~Copyable {
    /// Nil: /dev/null.
    var input: Descriptor?
    var output: Descriptor?
    var error: Descriptor?

    /// Puts them to 0, 1 and 2.
    func install() throws(RuntimeError) {
        try step("set up the standard streams") { () throws(SystemError) in
            // /dev/null of the container's own; the host's where it has none is not wanted either.
            var null: Descriptor?
            if input == nil || output == nil || error == nil {
                let opened = try Descriptor.open("/dev/null", [.readWrite, .nonblocking, .noControllingTerminal])
                // The image, or a process of the container's, may have put anything there.
                let status = try FileStatus(of: opened.rawValue)
                guard status.kind == .characterDevice, status.deviceNumber == RootDirectory.deviceNumber(1, 3) else {
                    throw SystemError("open", "/dev/null", code: ENXIO)
                }
                try opened.setNonblocking(false)
                null = consume opened
            }
            try ChildStreams.place(input, null, 0)
            try ChildStreams.place(output, null, 1)
            try ChildStreams.place(error, null, 2)
        }
    }

    private static func place(
        _ stream: borrowing Descriptor?, _ null: borrowing Descriptor?, _ number: Int32
    ) throws(SystemError) {
        switch stream {
        case .some(let stream): try Program.duplicate(stream.rawValue, to: number)
        case .none:
            switch null {
            case .some(let null): try Program.duplicate(null.rawValue, to: number)
            case .none: break
            }
        }
    }

    /// Lets a user that is not the superuser open its own pipes again, through /dev/stdout.
    func give(to user: UInt32) {
        guard user != 0 else { return }
        for number in 0...2 as ClosedRange<Int32> { Program.setOwner(ofPipe: number, user: user) }
    }
}

/// The container's side of its terminal.
enum ChildTerminal {
    private static let multiplexer: UInt64 = 5 << 8 | 2

    /// A new terminal in the container's own devpts.
    static func open(
        _ root: borrowing RootDirectory, size: RuntimeProcess.ConsoleSize?
    ) throws(RuntimeError) -> Descriptor {
        try step("open a terminal") { () throws(SystemError) in
            let master = try root.open("/dev/ptmx", [.readWrite, .noControllingTerminal])
            // The image may have put anything there.
            let status = try FileStatus(of: master.rawValue)
            guard status.kind == .characterDevice, status.deviceNumber == multiplexer else {
                throw SystemError("open", "/dev/ptmx", code: ENXIO)
            }
            if let size { try Terminal.resize(master.rawValue, rows: size.height, columns: size.width) }
            return master
        }
    }

    /// Makes the other side the standard streams.
    static func install(_ master: borrowing Descriptor) throws(RuntimeError) -> Descriptor {
        try step("set up the terminal") { () throws(SystemError) in
            let peer = try PseudoTerminal.openPeer(of: master)
            for number in 0...2 as ClosedRange<Int32> { try Program.duplicate(peer.rawValue, to: number) }
            return peer
        }
    }

    /// Makes what is the standard streams the controlling terminal of this session's leader.
    static func takeControl() throws(RuntimeError) {
        try step("take the terminal over") { () throws(SystemError) in try Terminal.becomeControlling(0) }
    }

    /// /dev/console is the terminal.
    static func placeConsole(_ peer: borrowing Descriptor, _ root: borrowing RootDirectory) throws(RuntimeError) {
        try step("make /dev/console") { () throws(SystemError) in
            let console = try root.makeFile("/dev/console", mode: 0o600)
            // A link into /proc would take a file away that others trust (CVE-2025-52565).
            try ProcessFileSystem.checkMount(on: console, "/dev/console", isOneItself: false)
            let tree = try Mount.cloneTree(at: "", relativeTo: peer.rawValue, recursive: false)
            try Mount.attach(tree, on: console)
        }
    }
}
