internal import Glibc
internal import Linux
internal import Wire

/// A guest that this process itself executes, on KVM.
///
/// ```
///  supervisor's loop ◄─ HardwareSignals ── processors' threads, I/O threads     it is over; a device has failed
///                    ◄─ ConsoleQueue ───── processors' threads                  what the guest prints
///                    ◄─ port ───────────── I/O thread of the console            the link to the agent
/// ```
final class KVMHardware: GuestHardware {
    private(set) var controller: (any HardwareControl)?
    private let loop: EventLoop
    private let report: (HardwareNews) -> Void
    private let console: ConsoleQueue
    private let signals: HardwareSignals
    private let names: [(name: String, isVital: Bool)]
    private var port: Descriptor?
    private var devices: KVMDevices?
    private var machine: Machine?
    private var consoleIsHeld = false

    /// Starts the guest; `shares` are connections to the servers of the shared folders, in their order, which stay the
    /// caller's to close.
    init(
        _ setup: MachineSetup, shares: [Int32], loop: EventLoop, report: @escaping (HardwareNews) -> Void
    ) throws(VMMError) {
        self.loop = loop
        self.report = report
        var files = try MachineFiles(setup)
        let memory = try GuestMemoryMapping(
            count: setup.memory & ~(GuestMemoryMapping.page - 1), isShared: !setup.shares.isEmpty)
        let confinement = try Confinement(setup, disk: files.disk)
        do throws(SystemError) { try confinement.enforce() } catch { throw VMMError(error) }
        let ends: SocketPair
        do throws(SystemError) {
            (console, signals) = (try ConsoleQueue(), try HardwareSignals())
            ends = try UnixSocket.pair()
        } catch {
            throw VMMError(error)
        }
        let devices = try KVMDevices(
            setup, image: files.image.take(), disk: files.disk, tap: files.tap.take(), port: ends.second,
            shares: shares, memory: memory)
        port = consume ends.first
        names = devices.entries.map { ($0.name, $0.isVital) }
        var configuration = MachineConfiguration(
            processors: UInt32(clamping: setup.processors), commandLine: setup.commandLine)
        configuration.serial = { [console] in console.send($0) }
        if let image = devices.image { configuration.regions = [image.region] }
        configuration.devices = devices.entries.map(\.device)
        configuration.deviceFailed = { [signals] in signals.tell(device: $0, failed: $1) }
        let machine = try Machine(
            configuration, memory: memory, system: files.system, kernel: files.kernel, initrd: files.initrd
        ) { [signals] _ in signals.tellOver() }
        self.devices = devices
        self.machine = machine
        controller = KVMControl(machine, devices, console, processors: setup.processors)
        do throws(SystemError) {
            try loop.add(console.event, .readable) { [unowned self] _ in readConsole() }
            try loop.add(signals.event, .readable) { [unowned self] _ in hear() }
        } catch {
            throw VMMError(error)
        }
        do throws(SystemError) { try confinement.limitFiles() } catch { throw VMMError(error) }
        let process = getpid()
        try machine.start {
            () throws(VMMError) in
            try CallFilter.processor(process: process).enforce()
        } last: { () throws(VMMError) in
            try CallFilter.supervisor(process: process).enforce()
        }
    }

    deinit {
        loop.remove(console.event)
        loop.remove(signals.event)
        console.letGo()
        // Its guest has the image's memory.
        controller = nil
        machine = nil
        devices = nil
    }

    var process: Int32 { getpid() }

    func takePort() -> Descriptor? { port.take() }

    func holdConsole(_ held: Bool) {
        consoleIsHeld = held
        readConsole()
    }

    func kill() { signals.tellOver() }

    private func readConsole() {
        guard !consoleIsHeld else { return }
        let bytes = console.take()
        if !bytes.isEmpty { report(.printed(bytes)) }
    }

    private func hear() {
        let told = signals.take()
        for (number, error) in told.failures {
            let (name, isVital) = names[number]
            Console.print("device \(name): \(error)")
            // The other devices' drivers give up, and the guest goes on.
            if isVital && !told.isOver { report(.failed("device \(name): \(error)")) }
        }
        if told.isOver { finish() }
    }

    /// Takes the machine down, and reports its end after all that the guest has printed.
    private func finish() {
        guard let machine else { return }
        console.letGo()
        machine.stop()
        let end = machine.guestEnd
        controller = nil
        self.machine = nil
        devices = nil
        consoleIsHeld = false
        readConsole()
        report(.ended(end.map { HardwareEnd($0) } ?? .killed("it was ended by force")))
    }
}

extension HardwareEnd {
    /// What the end of a guest on KVM means.
    init(_ end: GuestEnd) {
        self =
            switch end {
            case .poweredOff: .poweredOff
            case .reset: .reset(nil)
            case .tripleFault: .reset("\(end)")
            case .panicked: .panicked
            case .failed(let reason): .killed(reason)
            }
    }
}

extension CallFilter {
    fileprivate func enforce() throws(VMMError) {
        do throws(SystemError) { try install() } catch { throw VMMError(error) }
    }
}

extension Confinement {
    private static var outputIsFile: Bool {
        do { return try FileStatus(of: 1).kind == .file } catch { return false }
    }

    /// For the machine of a setup, whose writable disk is `disk`.
    fileprivate init(_ setup: MachineSetup, disk: BlockFile?) throws(VMMError) {
        identity = try setup.user.map { text throws(VMMError) in
            guard let identity = Identity(text) else {
                throw VMMError(.configuration, "the user \"\(text)\": two numbers with a colon between them are one")
            }
            return identity
        }
        // A log that is a file, where it is tried by hand, grows with what the guest prints.
        largestFile = Confinement.outputIsFile ? nil : max(disk?.capacity ?? 0, 1 << 16)
    }
}
