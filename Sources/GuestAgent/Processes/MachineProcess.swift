internal import ContainerRuntime
internal import Glibc
internal import Linux
internal import Monitor
internal import OCI
internal import Wire

/// A process in the agent's own namespaces, with our ends of its streams.
struct MachineProcess: ~Copyable {
    let number: Int32
    let descriptor: ProcessDescriptor
    private var streams: ProcessStreams

    mutating func takeStreams() -> ProcessStreams {
        var taken = ProcessStreams()
        swap(&taken, &streams)
        return taken
    }

    /// Where the program is: by its own path, or in one of the folders of its PATH.
    static func find(_ process: RuntimeProcess) throws(Failure) -> String {
        guard let name = process.arguments.first, !name.isEmpty else { throw Failure(.invalid, "no command") }
        let folders = process.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/local/bin:/usr/bin:/bin"
        let candidates =
            name.contains("/") ? [name] : folders.split(separator: ":").map { "\($0)/\(name)" }
        for path in candidates {
            guard let status = FileStatus(path), status.kind == .file else { continue }
            guard status.permissions & 0o111 != 0 else {
                throw Failure(.commandNotExecutable, "exec: \"\(name)\": permission denied")
            }
            return path
        }
        throw Failure(
            .commandNotFound,
            "exec: \"\(name)\": not found: the machine itself has no programs, only its containers have")
    }

    /// Makes it.
    static func make(
        _ process: RuntimeProcess, _ path: String, wantsInput: Bool
    ) throws(SystemError) -> MachineProcess {
        if process.terminal {
            let terminal = try PseudoTerminal()
            if let size = process.consoleSize {
                try Terminal.resize(terminal.master.rawValue, rows: size.height, columns: size.width)
            }
            let peer = try terminal.openPeer()
            let (number, descriptor) = try start(
                process, path, [peer.rawValue, peer.rawValue, peer.rawValue], terminal: true)
            var streams = ProcessStreams()
            streams.output = try terminal.master.duplicate()
            return MachineProcess(
                number: number, descriptor: ProcessDescriptor(adopting: Descriptor(adopting: descriptor)),
                streams: streams)
        }
        let output = try PipePair()
        let error = try PipePair()
        var streams = ProcessStreams()
        let input: Descriptor
        if wantsInput {
            let pipe = try PipePair()
            streams.input = try pipe.writing.duplicate()
            input = try pipe.reading.duplicate()
        } else {
            input = try Descriptor.open("/dev/null")
        }
        let (number, descriptor) = try start(
            process, path, [input.rawValue, output.writing.rawValue, error.writing.rawValue], terminal: false)
        streams.output = try output.reading.duplicate()
        streams.error = try error.reading.duplicate()
        return MachineProcess(
            number: number, descriptor: ProcessDescriptor(adopting: Descriptor(adopting: descriptor)), streams: streams)
    }

    /// Like fork and exec; the agent has one thread only.
    private static func start(
        _ process: RuntimeProcess, _ path: String, _ ends: [Int32], terminal: Bool
    ) throws(SystemError) -> (number: Int32, descriptor: Int32) {
        switch try Clone.process([]) {
        case .parent(let number, let descriptor):
            return (number, try descriptor.descriptor.duplicate().release())
        case .child:
            let failure = become(process, path, ends, terminal: terminal)
            Console.report("exec: \(failure)")
            Program.exitNow(failure.code == ENOENT ? 127 : 126)
        }
    }

    private static func become(
        _ process: RuntimeProcess, _ path: String, _ ends: [Int32], terminal: Bool
    ) -> SystemError {
        do throws(SystemError) {
            Program.resetSignals()
            try Program.startSession()
            if terminal { try Terminal.becomeControlling(ends[0]) }
            for (target, end) in ends.enumerated() { try Program.duplicate(end, to: Int32(target)) }
            try OpenDescriptors().close(from: 3)
            try Program.changeDirectory(process.workingDirectory)
            let user = process.user
            if user.uid != 0 || user.gid != 0 || !user.additionalGroups.isEmpty {
                try Privilege.become(user: user.uid, group: user.gid, groups: user.additionalGroups)
            }
        } catch {
            return error
        }
        return Program.execute(path, arguments: process.arguments, environment: process.environment)
    }
}
