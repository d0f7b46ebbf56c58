internal import Glibc
internal import Linux
internal import OCI

/// What criu takes over from us for the container that it brings back: descriptors by the names that it knows them by.
struct InheritedResources: ~Copyable {
    private var list: [(resource: String, number: Int32)] = []
    /// The master of the container's new terminal, of which the program gets the other side.
    private var master: Descriptor?

    init(_ record: CheckpointRecord, _ plan: ContainerPlan) throws(RuntimeError) {
        let getsTerminal = plan.process.process.terminal
        guard !getsTerminal || record.streams.contains(where: { $0.kind == .terminal }) else {
            throw .invalid("process.terminal: the process that was saved has no terminal")
        }
        do throws(RuntimeError) {
            if getsTerminal {
                master = try step("open a terminal") { () throws(SystemError) in
                    try Descriptor.open("/dev/ptmx", [.readWrite, .noControllingTerminal])
                }
            }
            for stream in record.streams where !list.contains(where: { $0.resource == stream.resource }) {
                try step("give \(stream.path) back as the standard stream \(stream.number)") {
                    () throws(SystemError) in try add(stream)
                }
            }
            for (_, name, path) in plan.externalNamespaces {
                try step("open \(path)") { () throws(SystemError) in
                    list.append((name, try Descriptor.open(path).release()))
                }
            }
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    private func close() { for entry in list { Glibc.close(entry.number) } }

    private mutating func add(_ stream: ExternalStream) throws(SystemError) {
        switch master {
        case .some(let master) where stream.kind == .terminal:
            list.append((stream.resource, try PseudoTerminal.openPeer(of: master).release()))
        default: list.append((stream.resource, try stream.replacement().release()))
        }
    }

    /// What criu is told of them.
    var arguments: [String] { list.flatMap { ["--inherit-fd", "fd[\($0.number)]:\($0.resource)"] } }

    /// The path of the terminal's other side.
    func terminalPath() throws(RuntimeError) -> String? {
        switch master {
        case .none: return nil
        case .some(let master):
            let number = try step("look at the terminal") { () throws(SystemError) in
                try PseudoTerminal.number(of: master)
            }
            return "/dev/pts/\(number)"
        }
    }

    /// Takes the terminal's master.
    mutating func takeMaster() -> Descriptor? { master.take() }

    /// In the process that will be criu: lets it have them.
    func keepOnExecute() throws(SystemError) {
        for entry in list {
            let descriptor = Descriptor(adopting: entry.number)
            do { try descriptor.setCloseOnExec(false) } catch {
                _ = descriptor.release()
                throw error
            }
            _ = descriptor.release()
        }
    }
}
