internal import CLinux
internal import Glibc
internal import Linux
internal import Wire

/// Boots a kernel with the devices that are asked for, and nothing around it: to try a kernel, a device, or KVM, by hand.
///
/// The guest's serial port is on standard output, commands are taken from standard input (``BootCommands``), and lines on
/// standard error say how it went. Unlike the machines of containers it is not jailed.
enum BootProgram {
    /// Runs it; `arguments` are those after `--boot`.
    ///
    /// - Returns: a `MachineEnd`'s number.
    static func run(_ arguments: ArraySlice<String>) -> Int32 {
        let began = Clock.monotonicNanoseconds
        let parsed: BootArguments
        do { parsed = try BootArguments(arguments) } catch {
            Console.print("\(error)\n\(BootArguments.usage)")
            return MachineEnd.usage.rawValue
        }
        do {
            return try run(parsed, began: began)
        } catch {
            Console.print("\(error)")
            return MachineEnd.notStarted.rawValue
        }
    }

    private static func run(_ arguments: BootArguments, began: Int64) throws(VMMError) -> Int32 {
        // A client of a socket that goes away is its device's business.
        signal(SIGPIPE, SIG_IGN)
        try BootCommands.holdSignals()
        let end = Descriptor(adopting: try VMMError.check(bh_eventfd(), "create the event of the guest's end"))
        var configuration = MachineConfiguration(processors: arguments.processors, commandLine: arguments.commandLine)
        let memory = try GuestMemoryMapping(
            count: arguments.mebibytes << 20, isShared: !arguments.shares.isEmpty)
        let devices = try BootDevices(arguments, memory: memory)
        configuration.devices = devices.devices
        configuration.regions = devices.regions
        if arguments.hasSerialPort {
            let output = SerialOutput(descriptor: 1)
            configuration.serial = { output.send($0) }
        }
        let kernel = try BootFile(path: arguments.kernel)
        var initrd: BootFile?
        if let path = arguments.initrd { initrd = try BootFile(path: path) }
        let number = end.rawValue
        let machine = try Machine(
            configuration, memory: memory, system: try KVMSystem(), kernel: kernel, initrd: initrd
        ) { _ in BootProgram.raise(number) }
        let commands = try BootCommands(machine, balloon: devices.balloon)
        let ready = Clock.monotonicNanoseconds
        try machine.start()
        Console.print("ready after \((ready - began) / 1000) us")
        try commands.run(until: number)
        machine.stop()
        return tell(machine, devices)
    }

    private static func raise(_ event: Int32) {
        var one: UInt64 = 1
        // The counter is raised once: it has room.
        // unsafe because the number is read through a pointer to a local variable
        _ = unsafe write(event, &one, 8)
    }

    private static func tell(_ machine: Machine, _ devices: BootDevices) -> Int32 {
        BootStatistics(machine, devices.balloon).print()
        guard let end = machine.guestEnd else {
            Console.print("the machine was stopped")
            return MachineEnd.forced.rawValue
        }
        Console.print("\(end)")
        return switch end {
        case .poweredOff: MachineEnd.poweredOff.rawValue
        case .reset, .tripleFault: MachineEnd.reset.rawValue
        case .panicked: MachineEnd.panicked.rawValue
        case .failed: MachineEnd.killed.rawValue
        }
    }
}
