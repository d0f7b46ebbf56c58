/// Programs that decide which devices a group may use, kept for the next group with the same rules: the kernel checks
/// and compiles each one that it is given anew, which takes it as long as the rest of the group.
public final class DevicePrograms {
    private final class Program {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// How many are kept: most containers have the usual rules.
    private static let most = 8

    private var programs: [[UInt8]: Program] = [:]

    /// None yet.
    public init() {}

    func attach(_ rules: [CgroupDeviceRule], to directory: String) throws(SystemError) {
        let program = DeviceProgram(rules: rules)
        if programs[program.instructions] == nil {
            if programs.count >= DevicePrograms.most { programs = [:] }
            programs[program.instructions] = Program(try program.load())
        }
        guard let kept = programs[program.instructions] else { return }
        try DeviceProgram.attach(kept.descriptor, to: directory)
    }
}
