import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: filters for system calls", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeSeccompTests {
    private func filter(_ action: String, _ names: [String], errno: UInt32? = nil) -> RuntimeSeccomp {
        var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
        filter.calls = [.init(names: names, action: action, errno: errno)]
        return filter
    }

    /// 159 is 128 + SIGSYS; without a tracer TRACE is ENOSYS.
    @Test(arguments: [
        ("SCMP_ACT_KILL", nil as UInt32?, "159", ""), ("SCMP_ACT_KILL_THREAD", nil, "159", ""),
        ("SCMP_ACT_KILL_PROCESS", nil, "159", ""), ("SCMP_ACT_TRAP", nil, "159", ""),
        ("SCMP_ACT_ERRNO", nil, "1", "Operation not permitted"), ("SCMP_ACT_ERRNO", 95, "1", "Operation not supported"),
        ("SCMP_ACT_TRACE", nil, "1", "Function not implemented"), ("SCMP_ACT_LOG", nil, "0", ""),
        ("SCMP_ACT_ALLOW", nil, "0", ""),
    ])
    func actions(_ action: String, _ errno: UInt32?, _ code: String, _ reason: String) throws {
        try withBundle(script("mkdir /tmp/a; echo $?; ls /tmp")) { bundle throws in
            bundle.specification.linux.seccomp = filter(action, ["mkdir"], errno: errno)
            let result = try bundle.run()
            #expect(result.lines == (code == "0" ? ["0", "a"] : [code]), "\(result.error)")
            #expect(reason.isEmpty || result.error.contains(reason), "\(result.error)")
        }
    }

    @Test func allowedCallsPassWhereOthersAreRefused() throws {
        try withBundle(script("mkdir /tmp/a && echo made; chmod 600 /tmp/a || echo refused")) { bundle throws in
            var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ERRNO")
            filter.defaultErrno = 95
            filter.calls = [.init(names: RuntimeSeccompTests.usual + ["mkdir"], action: "SCMP_ACT_ALLOW")]
            bundle.specification.linux.seccomp = filter
            let result = try bundle.run()
            #expect(result.lines == ["made", "refused"], "\(result.error)")
            #expect(result.error.contains("Operation not supported"))
        }
    }

    /// The mode is the second argument; what is left are those that the rule does not refuse.
    @Test(arguments: [
        ("SCMP_CMP_EQ", 0o640 as UInt64, 0 as UInt64, ["600", "644"]), ("SCMP_CMP_NE", 0o640, 0, ["640"]),
        ("SCMP_CMP_LT", 0o640, 0, ["640", "644"]), ("SCMP_CMP_LE", 0o640, 0, ["644"]),
        ("SCMP_CMP_GT", 0o640, 0, ["600", "640"]), ("SCMP_CMP_GE", 0o640, 0, ["600"]),
        ("SCMP_CMP_MASKED_EQ", 0o004, 0o004, ["600", "640"]),
    ])
    func comparisons(_ name: String, _ value: UInt64, _ second: UInt64, _ left: [String]) throws {
        let text = "touch /tmp/f; for m in 600 640 644; do chmod $m /tmp/f 2>/dev/null && echo $m; done; true"
        try withBundle(script(text)) { bundle throws in
            var filter = filter("SCMP_ACT_ERRNO", ["chmod"])
            filter.calls[0].arguments = [.init(index: 1, value: value, second: second, comparison: name)]
            bundle.specification.linux.seccomp = filter
            #expect(try bundle.run().lines == left)
        }
    }

    @Test(arguments: [
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ])
    func flags(_ flag: String) throws {
        try withBundle(script("mkdir /tmp/a 2>/dev/null || echo refused")) { bundle throws in
            var filter = filter("SCMP_ACT_ERRNO", ["mkdir"])
            filter.flags = [flag]
            bundle.specification.linux.seccomp = filter
            #expect(try bundle.run().lines == ["refused"])
        }
    }

    @Test func unknownFlagsAndArchitecturesAreNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            var filter = filter("SCMP_ACT_ERRNO", ["mkdir"])
            filter.flags = ["SECCOMP_FILTER_FLAG_MADE_UP"]
            bundle.specification.linux.seccomp = filter
            #expect(try bundle.run().error.contains("linux.seccomp.flags: SECCOMP_FILTER_FLAG_MADE_UP is not known"))
            filter.flags = []
            filter.architectures = ["SCMP_ARCH_ABACUS"]
            bundle.specification.linux.seccomp = filter
            let result = try bundle.run()
            #expect(result.code != 0)
            #expect(result.error.contains("linux.seccomp: the architecture SCMP_ARCH_ABACUS is not known"))
        }
    }

    /// What busybox's shell, and the runtime after the filter is there, can't do without.
    private static let usual = [
        "read", "write", "writev", "open", "openat", "close", "stat", "fstat", "newfstatat", "lstat", "poll", "mmap",
        "mprotect", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "ioctl", "access", "pipe",
        "dup", "dup2", "getpid", "getppid", "fork", "vfork", "clone", "execve", "exit", "exit_group", "wait4", "uname",
        "fcntl", "getcwd", "getuid", "geteuid", "getgid", "getegid", "umask", "arch_prctl", "set_tid_address",
        "set_robust_list", "rseq", "prlimit64", "getrandom", "readlink", "prctl", "capset", "sendmsg", "futex",
        "setuid", "setgid", "getdents64", "time", "gettimeofday", "clock_gettime",
    ]
}
