internal import CLinux
internal import Glibc

/// The list of allowed devices as a program for cgroup v2, which has no file for it.
///
/// The kernel runs it with the address of `struct bpf_cgroup_dev_ctx` in r1 whenever a process of the group makes or
/// opens a device node; 1 lets it pass.
/// ```
///  0                              4             8
/// +---------------+---------------+-------------+-------------+
/// | kind (low 16) | use (high 16) |    major    |    minor    |
/// +---------------+---------------+-------------+-------------+
///   block 1, character 2; use: make 1, read 2, write 4
/// ```
struct DeviceProgram {
    private(set) var instructions: [UInt8] = []

    /// Later rules win, so the last comes first: the first that matches decides. Nothing matches: denied.
    init(rules: [CgroupDeviceRule]) {
        // r2 = kind, r3 = use, r4 = major, r5 = minor
        emit(0x61, destination: 2, source: 1, offset: 0)
        emit(0x57, destination: 2, immediate: 0xFFFF)
        emit(0x61, destination: 3, source: 1, offset: 0)
        emit(0x77, destination: 3, immediate: 16)
        emit(0x61, destination: 4, source: 1, offset: 4)
        emit(0x61, destination: 5, source: 1, offset: 8)
        for rule in rules.reversed() {
            emit(rule)
            // It decides all; the kernel refuses a program with instructions that can't be reached.
            if rule.kind == .all { return }
        }
        finish(0)
    }

    /// A rule as tests that skip to the next one, and an answer.
    private mutating func emit(_ rule: CgroupDeviceRule) {
        let uses: Int32 = (rule.make ? 1 : 0) | (rule.read ? 2 : 0) | (rule.write ? 4 : 0)
        let everything = rule.kind == .all
        var tests: [(code: UInt8, register: UInt8, value: Int32)] = []
        if rule.kind == .block { tests.append((0x55, 2, 1)) }
        if rule.kind == .character { tests.append((0x55, 2, 2)) }
        if let major = rule.major, !everything { tests.append((0x55, 4, Int32(bitPattern: major))) }
        if let minor = rule.minor, !everything { tests.append((0x55, 5, Int32(bitPattern: minor))) }
        // A rule that allows must cover every use that is asked for; one that denies needs only one of them.
        let testsUse = uses != 7 && !everything
        let afterTests = (testsUse ? 3 : 0) + 2
        for (index, test) in tests.enumerated() {
            let skipped = Int16(tests.count - index - 1 + afterTests)
            emit(test.code, destination: test.register, offset: skipped, immediate: test.value)
        }
        if testsUse {
            emit(0xBF, destination: 1, source: 3)
            emit(0x57, destination: 1, immediate: rule.allow ? ~uses & 7 : uses)
            emit(rule.allow ? 0x55 : 0x15, destination: 1, offset: 2, immediate: 0)
        }
        finish(rule.allow ? 1 : 0)
    }

    private mutating func finish(_ answer: Int32) {
        emit(0xB7, destination: 0, immediate: answer)
        emit(0x95)
    }

    private mutating func emit(
        _ code: UInt8, destination: UInt8 = 0, source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0
    ) {
        let (offset, immediate) = (UInt16(bitPattern: offset), UInt32(bitPattern: immediate))
        instructions += [code, source << 4 | destination, UInt8(truncatingIfNeeded: offset), UInt8(offset >> 8)]
        for shift in [0, 8, 16, 24] as [UInt32] { instructions.append(UInt8(truncatingIfNeeded: immediate >> shift)) }
    }

    /// Loads the program.
    func load() throws(SystemError) -> Descriptor {
        let count = UInt32(truncatingIfNeeded: instructions.count / 8)
        // unsafe because the kernel reads `count` instructions of 8 bytes, which is exactly what the array has
        let number = unsafe bh_bpf_load_device_program(instructions, count, nil, 0)
        return Descriptor(adopting: try SystemError.check(number, "load the program for devices"))
    }

    /// Attaches a program that has been loaded to a group.
    static func attach(_ program: borrowing Descriptor, to directory: String) throws(SystemError) {
        let group = try Descriptor.open(directory, .directory)
        let result = bh_bpf_attach_device_program(group.rawValue, program.rawValue)
        try SystemError.check(result, "attach the program for devices", directory)
    }
}
