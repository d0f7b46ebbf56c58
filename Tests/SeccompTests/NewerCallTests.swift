import Linux
import OCI
import Seccomp
import Testing

#if arch(x86_64)
@Suite("Filters: calls newer than the filter, and architectures")
struct NewerCallTests {
    private let native: UInt32 = 0xC000_003E
    private let i386: UInt32 = 0x4000_0003
    private let allowed: UInt32 = 0x7FFF_0000
    private let refused: UInt32 = 0x0005_0001
    private let unknown: UInt32 = 0x0005_0026

    private func program(_ action: String, _ rule: String, errno: UInt32? = nil, _ architectures: [String] = []) throws
        -> FilterProgram
    {
        var filter = RuntimeSeccomp(defaultAction: action)
        filter.defaultErrno = errno
        filter.architectures = architectures
        filter.calls = [.init(names: ["read", "statx"], action: rule)]
        return FilterProgram(bytes: try SeccompCompiler.compile(filter))
    }

    @Test func returnENOSYS() throws {
        let program = try program("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW")
        #expect(program.run(0, architecture: native) == allowed)
        #expect(program.run(332, architecture: native) == allowed)
        #expect(program.run(1, architecture: native) == refused)
        #expect(program.run(333, architecture: native) == unknown)
        #expect(program.run(9999, architecture: native) == unknown)
    }

    @Test(arguments: [("SCMP_ACT_KILL_PROCESS", 0x8000_0000 as UInt32), ("SCMP_ACT_TRAP", 0x0003_0000)])
    func returnENOSYSWhateverElseIsRefusedHow(_ action: String, _ other: UInt32) throws {
        let program = try program(action, "SCMP_ACT_ALLOW")
        #expect(program.run(1, architecture: native) == other)
        #expect(program.run(333, architecture: native) == unknown)
    }

    @Test(arguments: [("SCMP_ACT_ALLOW", 0x7FFF_0000 as UInt32), ("SCMP_ACT_LOG", 0x7FFC_0000)])
    func passWhereEverythingElseDoes(_ action: String, _ expected: UInt32) throws {
        let program = try program(action, "SCMP_ACT_ERRNO")
        #expect(program.run(333, architecture: native) == expected)
        #expect(program.run(0, architecture: native) == refused)
    }

    @Test func foreignArchitecturesAreKilledUnlessTheyAreNamed() throws {
        let alone = try program("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW")
        #expect(alone.run(3, architecture: i386) == 0)
        let both = try program("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])
        // read is 3 there and statx 383; 0 is restart_syscall.
        #expect(both.run(3, architecture: i386) == allowed)
        #expect(both.run(0, architecture: i386) == refused)
        #expect(both.run(383, architecture: i386) == allowed)
        #expect(both.run(384, architecture: i386) == unknown)
        #expect(both.run(383, architecture: native) == unknown)
    }

    @Test func x32IsNotNew() throws {
        let program = try program("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"])
        #expect(program.run(0x4000_0000, architecture: native) == allowed)
        #expect(program.run(0x4000_0001, architecture: native) == refused)
    }

    @Test func dockersProfileTellsNewCallsFromForbiddenOnes() throws {
        let profile = try SeccompProfile(parsing: SeccompProfile.dockerDefault)
        let filter = profile.resolved(capabilities: [], kernelRelease: "6.1.0")
        let program = FilterProgram(bytes: try SeccompCompiler.compile(filter))
        #expect(program.run(0, architecture: native) == allowed)
        // 165 is mount.
        #expect(program.run(165, architecture: native) == refused)
        #expect(program.run(9999, architecture: native) == unknown)
    }
}
#endif
