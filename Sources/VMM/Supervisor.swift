internal import Glibc
internal import Linux
internal import Wire

/// Runs one machine: starts QEMU and its helper, carries the connections to the agent, and finds out how it ends.
///
/// Everything happens on one thread, in the handlers of the loop. Where bulkhead-vmm is the first process of its jail,
/// as it usually is, the kernel ends QEMU and virtiofsd with it.
final class Supervisor {
    /// Seconds that a guest has to power off once it has been asked to.
    private static let powerOffDeadline = 10

    private let setup: MachineSetup
    private let loop: EventLoop
    private var life = MachineLife()
    private var panic = PanicWatch()
    private var control = ControlProtocol()
    private var controlPort: Descriptor?
    private var consolePort: Descriptor?
    private var emulator: ChildProcess?
    private var shareServers: [ChildProcess] = []
    private var link: GuestLink?
    private var controlServer: ControlServer?
    private var outcome: MachineLife.Outcome?
    private let startedAt = Clock.realtimeNanoseconds

    /// Plans to run a machine.
    init(_ setup: MachineSetup) throws(SystemError) {
        self.setup = setup
        loop = try EventLoop()
    }

    /// Runs it to its end.
    func run() -> MachineLife.Outcome {
        do {
            try start()
            try loop.run()
        } catch {
            settle(MachineLife.Outcome(.notStarted, "\(error)"))
            emulator?.kill()
            for server in shareServers { server.kill() }
        }
        return outcome ?? MachineLife.Outcome(.killed, "bulkhead-vmm ended")
    }

    // MARK: Starting

    private func start() throws(SystemError) {
        signal(SIGPIPE, SIG_IGN)
        try loop.watch(signals: [SIGTERM, SIGINT]) { [unowned self] _ in powerOff() }
        let listener = try UnixSocket.listen(setup.guestSocket)
        controlServer = try ControlServer(path: setup.controlSocket, loop: loop) { [unowned self] in answer($0) }

        let console = try UnixSocket.pair()
        let port = try UnixSocket.pair()
        let control = try UnixSocket.pair()
        var inherited: [(child: Int32, parent: Int32)] = [
            (1, 2), (2, 2), (QEMUCommand.Inherited.console, console.second.rawValue),
            (QEMUCommand.Inherited.port, port.second.rawValue),
            (QEMUCommand.Inherited.control, control.second.rawValue),
        ]
        // Closed here once QEMU has them: only it holds its ends then, and when it ends, ours see that.
        var shares: [Int32] = []
        defer { for socket in shares { _ = Descriptor(adopting: socket) } }
        for share in setup.shares {
            inherited.append((QEMUCommand.Inherited.shares + Int32(shares.count), try startShareServer(share)))
            shares.append(inherited[inherited.count - 1].parent)
        }
        if let tap = setup.tap { inherited.append((QEMUCommand.Inherited.tap, tap)) }

        let emulator = try ChildProcess(
            setup.emulator, QEMUCommand(setup: setup).arguments, descriptors: inherited, loop: loop
        ) { [unowned self] in emulatorEnded($0) }
        self.emulator = emulator
        try watchConsole(console.first)
        try watchControl(control.first)
        let link = try GuestLink(port: port.first, loop: loop) { [unowned self] in hear($0) }
        try link.accept(on: listener)
        self.link = link
        loop.schedule(afterMilliseconds: Int64(setup.bootDeadline) * 1000) { [unowned self] in
            if life.phase == .booting { end(.hung, "\(setup.bootDeadline) s after its start") }
        }
    }

    /// Starts virtiofsd, and gives the connection to it for QEMU.
    private func startShareServer(_ share: MachineSetup.SharedFolder) throws(SystemError) -> Int32 {
        let path = "\(setup.controlSocket).\(share.tag)"
        let listener = try UnixSocket.listen(path)
        let connection = try UnixSocket.connect(path)
        try Files.remove(path)
        let server = try ChildProcess(
            setup.shareServer ?? "/usr/libexec/virtiofsd", ShareServer.arguments(share),
            descriptors: [(1, 2), (2, 2), (3, listener.rawValue)], loop: loop
        ) { [unowned self] _ in
            // It ends by itself when QEMU has closed its connection.
            loop.schedule(afterMilliseconds: 500) { [unowned self] in end(.killed, "virtiofsd ended") }
        }
        shareServers.append(server)
        return connection.release()
    }

    // MARK: What is heard

    private func watchConsole(_ socket: consuming Descriptor) throws(SystemError) {
        try loop.add(socket.rawValue, .readable) { [unowned self] _ in readConsole() }
        consolePort = consume socket
    }

    private func readConsole() {
        // A console that can't be read has ended.
        guard case .bytes(let bytes)? = try? consolePort?.read(upTo: 64 << 10) else {
            if let port = consolePort.take() { loop.remove(port.rawValue) }
            return
        }
        panic.feed(bytes)
        // The monitor behind standard output may have been killed: the machine goes on without a log.
        if let output = try? Descriptor.duplicating(1) { try? output.writeAll(bytes) }
    }

    private func watchControl(_ socket: consuming Descriptor) throws(SystemError) {
        try loop.add(socket.rawValue, .readable) { [unowned self] _ in readControl() }
        controlPort = consume socket
    }

    private func readControl() {
        // The end of this connection is QEMU's end, of which its process tells.
        guard case .bytes(let bytes)? = try? controlPort?.read(upTo: 64 << 10) else {
            if let port = controlPort.take() { loop.remove(port.rawValue) }
            return
        }
        for event in control.receive(bytes) {
            switch event {
            case .greeting:
                life.hypervisorGreeted()
                // Without an answer QEMU only stays silent: its process's end still tells the most important.
                _ = try? controlPort?.write(ControlProtocol.negotiation)
            case .shutdown(let reason): life.hypervisorSaid(shutdown: reason)
            case .stopped: end(.killed, "QEMU stopped the guest after an error of its own")
            }
        }
    }

    private func hear(_ news: GuestLink.News) {
        switch news {
        case .message(.event(.ready)): life.agentIsReady()
        case .message: break
        case .failed(let reason):
            // Where QEMU ends by itself, that says more.
            loop.schedule(afterMilliseconds: 500) { [unowned self] in end(.killed, reason) }
        }
    }

    // MARK: What is asked

    private func answer(_ request: Request) -> Response {
        switch request {
        case .state:
            return .state(ContainerReport(phase: .running, process: emulator?.number ?? 0, startedAt: startedAt))
        case .powerOff:
            powerOff()
            return .done
        case .signal(SIGKILL, nil):
            end(.forced, "it was asked to end at once")
            return .done
        default:
            return .failed(Failure(.invalid, "bulkhead-vmm answers state, powerOff and signal 9 only"))
        }
    }

    private func powerOff() {
        guard life.phase != .stopping else { return }
        life.askedToStop()
        link?.send(.powerOff, number: 1)
        let deadline = Supervisor.powerOffDeadline
        loop.schedule(afterMilliseconds: Int64(deadline) * 1000) { [unowned self] in
            end(.forced, "within \(deadline) s of being asked")
        }
    }

    // MARK: Ending

    /// Ends the machine by force.
    private func end(_ end: MachineEnd, _ detail: String) {
        life.decide(MachineLife.Outcome(end, detail))
        emulator?.kill()
    }

    private func emulatorEnded(_ end: ProcessEnd) {
        // What the guest printed last is still in the socket.
        while consolePort != nil { readConsole() }
        readControl()
        panic.finish()
        for server in shareServers { server.kill() }
        settle(life.outcome(of: end, panic: panic.reason))
        loop.stop()
    }

    /// Records the reason before anybody sees a connection end.
    private func settle(_ outcome: MachineLife.Outcome) {
        self.outcome = outcome
        let path = MachineSetup.reasonPath(guestSocket: setup.guestSocket)
        do { try Files.write(path, Array((outcome.reason + "\n").utf8)) } catch { Console.print("\(error)") }
        link?.close()
    }
}
