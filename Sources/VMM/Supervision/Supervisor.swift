internal import Glibc
internal import Linux
internal import Wire

/// Runs one machine: starts its hardware and helpers, carries the connections to the agent, and finds out how it ends.
///
/// Everything of it happens on one thread, in the handlers of the loop (our own VMM beside it has threads of its own).
/// Where bulkhead-vmm is the first process of its jail, as it usually is, the kernel ends QEMU and virtiofsd with it.
final class Supervisor {
    /// Seconds that a guest has to power off once it has been asked to.
    private static let powerOffDeadline = 10
    /// Milliseconds that a slow reader of the console is waited for once the machine has ended.
    private static let readerPatience: Int64 = 2000

    private let setup: MachineSetup
    private let loop: EventLoop
    private var life = MachineLife()
    private var panic = PanicWatch()
    private var hardware: (any GuestHardware)?
    private var shareServers: [ChildProcess] = []
    private var link: GuestLink?
    private var controlServer: ControlServer?
    /// Opened from the beginning: in the end no path may be.
    private var reason: Descriptor?
    private var outcome: MachineLife.Outcome?
    private let startedAt = Clock.realtimeNanoseconds
    private lazy var log = ConsoleLog(1, loop: loop) { [unowned self] in hardware?.holdConsole($0) }

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
            hardware?.kill()
            killShareServers()
        }
        return outcome ?? MachineLife.Outcome(.killed, "bulkhead-vmm ended")
    }

    // MARK: Starting

    private func start() throws {
        signal(SIGPIPE, SIG_IGN)
        reason = try Descriptor.open(
            MachineSetup.reasonPath(guestSocket: setup.guestSocket), [.writeOnly, .create, .truncate], mode: 0o644)
        try loop.watch(signals: [SIGTERM, SIGINT]) { [unowned self] _ in powerOff() }
        let listener = try UnixSocket.listen(setup.guestSocket)
        controlServer = try ControlServer(path: setup.controlSocket, loop: loop) { [unowned self] in answer($0) }
        let hardware = try startHardware()
        self.hardware = hardware
        if let port = hardware.takePort() {
            let link = try GuestLink(port: port, loop: loop) { [unowned self] in hear($0) }
            try link.accept(on: listener)
            self.link = link
        }
        loop.schedule(afterMilliseconds: Int64(setup.bootDeadline) * 1000) { [unowned self] in
            if life.phase == .booting { end(.hung, "\(setup.bootDeadline) s after its start") }
        }
    }

    private func startHardware() throws -> any GuestHardware {
        // Closed here once the hardware has them: only it holds its ends then, and when it ends, the servers see that.
        var shares: [Int32] = []
        defer { for socket in shares { _ = Descriptor(adopting: socket) } }
        for share in setup.shares { shares.append(try startShareServer(share)) }
        guard let emulator = setup.emulator else {
            return try KVMHardware(setup, shares: shares, loop: loop) { [unowned self] in hear($0) }
        }
        return try QEMUHardware(setup, emulator: emulator, shares: shares, loop: loop) { [unowned self] in
            hear($0)
        }
    }

    /// Starts virtiofsd, and gives the connection to it for the hardware.
    private func startShareServer(_ share: MachineSetup.SharedFolder) throws(SystemError) -> Int32 {
        let path = "\(setup.controlSocket).\(share.tag)"
        let listener = try UnixSocket.listen(path)
        let connection = try UnixSocket.connect(path)
        try Files.remove(path)
        let server = try ChildProcess(
            setup.shareServer ?? "/usr/libexec/virtiofsd", ShareServer.arguments(share),
            descriptors: [(1, 2), (2, 2), (3, listener.rawValue)], loop: loop
        ) { [unowned self] _ in
            // It ends by itself when the hardware has closed its connection.
            loop.schedule(afterMilliseconds: 500) { [unowned self] in end(.killed, "virtiofsd ended") }
        }
        shareServers.append(server)
        return connection.release()
    }

    // MARK: What is heard

    private func hear(_ news: HardwareNews) {
        switch news {
        case .printed(let bytes):
            panic.feed(bytes)
            log.write(bytes)
        case .failed(let reason): end(.killed, reason)
        case .ended(let end):
            panic.finish()
            log.finish(waitingAtMost: Supervisor.readerPatience)
            killShareServers()
            settle(life.outcome(of: end, panic: panic.reason))
            loop.stop()
        }
    }

    private func hear(_ news: GuestLink.News) {
        switch news {
        case .message(.event(.ready)): life.agentIsReady()
        case .message: break
        case .failed(let reason):
            // Where the hardware ends by itself, that says more.
            loop.schedule(afterMilliseconds: 500) { [unowned self] in end(.killed, reason) }
        }
    }

    // MARK: What is asked

    /// Answers who asks on the control socket.
    func answer(_ request: Request) -> Response {
        switch request {
        case .state:
            let phase = hardware?.controller?.isPaused == true ? ContainerReport.Phase.paused : .running
            return .state(ContainerReport(phase: phase, process: hardware?.process ?? 0, startedAt: startedAt))
        case .powerOff:
            powerOff()
            return .done
        case .signal(SIGKILL, nil):
            end(.forced, "it was asked to end at once")
            return .done
        case .pause, .resume, .statistics, .limit:
            do throws(Failure) { return try control(request) } catch { return .failed(error) }
        default:
            return .failed(
                Failure(
                    .invalid, "bulkhead-vmm answers state, pause, resume, statistics, limit, powerOff and signal 9 only"
                ))
        }
    }

    private func control(_ request: Request) throws(Failure) -> Response {
        guard let controller = hardware?.controller else {
            throw Failure(
                .invalid, "a machine of QEMU can't be paused, measured or limited from here: choose the hypervisor kvm")
        }
        switch request {
        case .pause: controller.setPaused(true)
        case .resume: controller.setPaused(false)
        case .limit(let limits): try controller.limit(limits)
        default: return .statistics(controller.statistics)
        }
        return .done
    }

    private func powerOff() {
        guard life.phase != .stopping else { return }
        life.askedToStop()
        // Its agent is to do it.
        hardware?.controller?.setPaused(false)
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
        hardware?.kill()
    }

    /// A machine of our own may not kill, and its servers end when its connections do; QEMU's do so, too, but later.
    private func killShareServers() {
        guard setup.emulator != nil else { return }
        for server in shareServers { server.kill() }
    }

    /// Records the reason before anybody sees a connection end.
    private func settle(_ outcome: MachineLife.Outcome) {
        self.outcome = outcome
        do { try reason.take()?.writeAll(outcome.reason + "\n") } catch { Console.print("the reason's file: \(error)") }
        link?.close()
    }
}
