internal import OCI
internal import Wire

/// The program `bulkhead-vmm`: supervises the hypervisor of one machine.
///
/// `bulkhead-vmm --setup JSON`, with the machine's console on standard output. It ends with the machine; its exit code
/// is a `MachineEnd`. (`--boot` is there for trying kernels and devices by hand: ``BootProgram``.)
public enum VMMProgram {
    /// Runs the program.
    ///
    /// - Returns: its exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        if arguments.count > 1, arguments[1] == "--boot" { return BootProgram.run(arguments.dropFirst(2)) }
        guard arguments.count == 3, arguments[1] == "--setup" else {
            Console.print("usage: bulkhead-vmm --setup JSON")
            return MachineEnd.usage.rawValue
        }
        let setup: MachineSetup
        do {
            setup = try MachineSetup(JSONField(JSON(parsing: arguments[2])))
        } catch {
            Console.print("the setup: \(error)")
            return MachineEnd.usage.rawValue
        }
        do {
            let outcome = try Supervisor(setup).run()
            Console.print(outcome.reason)
            return outcome.end.rawValue
        } catch {
            Console.print("\(error)")
            return MachineEnd.notStarted.rawValue
        }
    }
}
