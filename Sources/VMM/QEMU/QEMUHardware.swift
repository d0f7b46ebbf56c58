internal import Linux
internal import Wire

/// A guest that a QEMU executes, in a process of its own.
final class QEMUHardware: GuestHardware {
    private let loop: EventLoop
    private let report: (HardwareNews) -> Void
    private var life = QEMULife()
    private var protocolState = ControlProtocol()
    private var control: Descriptor?
    private var console: Descriptor?
    private var port: Descriptor?
    private var emulator: ChildProcess?

    /// Starts QEMU; `shares` are connections to the servers of the shared folders, in their order, which stay the
    /// caller's to close.
    init(
        _ setup: MachineSetup, emulator program: String, shares: [Int32], loop: EventLoop,
        report: @escaping (HardwareNews) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.report = report
        let console = try UnixSocket.pair()
        let port = try UnixSocket.pair()
        let control = try UnixSocket.pair()
        var inherited: [(child: Int32, parent: Int32)] = [
            (1, 2), (2, 2), (QEMUCommand.Inherited.console, console.second.rawValue),
            (QEMUCommand.Inherited.port, port.second.rawValue),
            (QEMUCommand.Inherited.control, control.second.rawValue),
        ]
        for (index, socket) in shares.enumerated() {
            inherited.append((QEMUCommand.Inherited.shares + Int32(index), socket))
        }
        if let tap = setup.tap { inherited.append((QEMUCommand.Inherited.tap, tap)) }
        emulator = try ChildProcess(
            program, QEMUCommand(setup: setup).arguments, descriptors: inherited, loop: loop
        ) { [unowned self] in ended($0) }
        try loop.add(console.first.rawValue, .readable) { [unowned self] _ in readConsole() }
        try loop.add(control.first.rawValue, .readable) { [unowned self] _ in readControl() }
        self.console = Optional(console.first)
        self.control = Optional(control.first)
        self.port = Optional(port.first)
    }

    var process: Int32 { emulator?.number ?? 0 }

    func takePort() -> Descriptor? { port.take() }

    func holdConsole(_ held: Bool) {
        guard let number = console?.rawValue else { return }
        // The descriptor is watched: there is nothing that could fail.
        try? loop.modify(number, held ? [] : .readable)
    }

    func kill() { emulator?.kill() }

    var controller: (any HardwareControl)? { nil }

    private func readConsole() {
        // A console that can't be read has ended.
        guard case .bytes(let bytes)? = try? console?.read(upTo: 64 << 10) else {
            if let socket = console.take() { loop.remove(socket.rawValue) }
            return
        }
        report(.printed(bytes))
    }

    private func readControl() {
        // The end of this connection is QEMU's end, of which its process tells.
        guard case .bytes(let bytes)? = try? control?.read(upTo: 64 << 10) else {
            if let socket = control.take() { loop.remove(socket.rawValue) }
            return
        }
        for event in protocolState.receive(bytes) {
            switch event {
            case .greeting:
                life.hasGreeted()
                // Without an answer QEMU only stays silent: its process's end still tells the most important.
                _ = try? control?.write(ControlProtocol.negotiation)
            case .shutdown(let reason): life.said(shutdown: reason)
            case .stopped: report(.failed("QEMU stopped the guest after an error of its own"))
            }
        }
    }

    private func ended(_ end: ProcessEnd) {
        // What the guest printed last is still in the socket.
        while console != nil { readConsole() }
        readControl()
        report(.ended(life.outcome(of: end)))
    }
}
