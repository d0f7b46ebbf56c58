internal import Linux
internal import Wire

/// Boots a kernel without anything around it: to try a kernel, or KVM, by hand.
///
/// `bulkhead-vmm --boot KERNEL INITRD MEBIBYTES PROCESSORS COMMAND-LINE [DISK…]`, with the guest's serial port on standard
/// output; `-` as INITRD for none. Each disk is a file that the guest may write to. A line on standard error says how it ended.
enum BootProgram {
    static let usage = "bulkhead-vmm --boot KERNEL INITRD MEBIBYTES PROCESSORS COMMAND-LINE [DISK…]"

    /// Runs it; `arguments` are those after `--boot`.
    ///
    /// - Returns: a `MachineEnd`'s number.
    static func run(_ arguments: ArraySlice<String>) -> Int32 {
        let words = Array(arguments)
        guard words.count >= 5, let mebibytes = UInt64(words[2]), mebibytes < 1 << 20, let processors = UInt32(words[3])
        else {
            Console.print("usage: \(usage)")
            return MachineEnd.usage.rawValue
        }
        do throws(VMMError) {
            let began = Clock.monotonicNanoseconds
            var configuration = MachineConfiguration(processors: processors, commandLine: words[4])
            let memory = try GuestMemoryMapping(count: mebibytes << 20)
            let output = SerialOutput(descriptor: 1)
            configuration.serial = { output.send($0) }
            configuration.devices = try devices(disks: words.dropFirst(5))
            let report: @Sendable (GuestEnd) -> Void = { _ in }
            let system = try KVMSystem()
            let kernel = try BootFile(path: words[0])
            var initrd: BootFile?
            if words[1] != "-" { initrd = try BootFile(path: words[1]) }
            let machine = try Machine(
                configuration, memory: memory, system: system, kernel: kernel, initrd: initrd, report: report)
            let ready = Clock.monotonicNanoseconds
            try machine.start()
            machine.awaitEnd()
            machine.stop()
            return tell(machine, microseconds: (ready - began) / 1000)
        } catch {
            Console.print("\(error)")
            return MachineEnd.notStarted.rawValue
        }
    }

    private static func devices(disks: ArraySlice<String>) throws(VMMError) -> [any VirtioDevice] {
        do throws(SystemError) {
            var devices: [any VirtioDevice] = []
            for (index, path) in disks.enumerated() {
                let file = try BlockFile(Descriptor.open(path, .readWrite), readOnly: false)
                devices.append(
                    BlockDevice(file, serial: "disk\(index)", threads: [try IOThread("disk\(index)")]))
            }
            devices.append(EntropyDevice(thread: try IOThread("entropy")))
            return devices
        } catch {
            throw VMMError(error)
        }
    }

    private static func tell(_ machine: Machine, microseconds: Int64) -> Int32 {
        guard let end = machine.guestEnd else { return MachineEnd.killed.rawValue }
        let exits = machine.exitCounts
        Console.print(
            "\(end); ready after \(microseconds) us; exits: \(exits.ports) ports, \(exits.memory) memory, \(exits.interruptions) interruptions"
        )
        return switch end {
        case .poweredOff: MachineEnd.poweredOff.rawValue
        case .reset, .tripleFault: MachineEnd.reset.rawValue
        case .panicked: MachineEnd.panicked.rawValue
        case .failed: MachineEnd.killed.rawValue
        }
    }
}
