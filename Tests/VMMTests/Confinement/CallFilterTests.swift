import CLinux
import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// What each kind of thread may call once a guest runs.
@Suite(.blocking) struct CallFilterTests {
    enum Kind: CaseIterable {
        case processor, device, supervisor

        var filter: CallFilter {
            switch self {
            case .processor: .processor(process: 77)
            case .device: .device(process: 77)
            case .supervisor: .supervisor(process: 77)
            }
        }
    }

    private static let allow: UInt32 = 0x7FFF_0000
    private static let kill: UInt32 = 0x8000_0000

    private func answer(_ kind: Kind, _ call: bh_call, _ arguments: [UInt64] = []) -> UInt32? {
        FilterProgram(bytes: kind.filter.program).run(
            UInt32(call.rawValue), architecture: bh_audit_architecture(), arguments: arguments)
    }

    @Test(arguments: Kind.allCases) func memoryIsNeverMadeExecutable(kind: Kind) {
        for call in [BH_CALL_MMAP, BH_CALL_MPROTECT] {
            #expect(answer(kind, call, [0, 4096, UInt64(PROT_READ | PROT_WRITE)]) == CallFilterTests.allow)
            #expect(answer(kind, call, [0, 4096, UInt64(PROT_READ | PROT_EXEC)]) == CallFilterTests.kill)
        }
    }

    @Test(arguments: Kind.allCases) func onlyProcessorsOfThisProcessAreInterrupted(kind: Kind) {
        #expect(answer(kind, BH_CALL_TGKILL, [77, 78, 34]) == CallFilterTests.allow)
        #expect(answer(kind, BH_CALL_TGKILL, [1, 78, 34]) == CallFilterTests.kill)
        #expect(answer(kind, BH_CALL_TGKILL, [77, 78, UInt64(SIGKILL)]) == CallFilterTests.kill)
    }

    @Test func onlyAProcessorRunsAGuest() {
        let run: [UInt64] = [9, 0xAE80]
        #expect(answer(.processor, BH_CALL_IOCTL, run) == CallFilterTests.allow)
        #expect(answer(.device, BH_CALL_IOCTL, run) == CallFilterTests.kill)
        #expect(answer(.supervisor, BH_CALL_IOCTL, run) == CallFilterTests.kill)
        // Creating a machine, giving it memory, and a processor's registers.
        for request in [0xAE01, 0x4020_AE46, 0x4090_AE82] as [UInt64] {
            for kind in Kind.allCases { #expect(answer(kind, BH_CALL_IOCTL, [9, request]) == CallFilterTests.kill) }
        }
    }

    @Test func aProcessorReachesNoFileAndNoSocket() {
        for call in [
            BH_CALL_READ, BH_CALL_PREAD, BH_CALL_PWRITEV, BH_CALL_ACCEPT4, BH_CALL_SENDMSG, BH_CALL_RECVMSG,
            BH_CALL_EPOLL_CTL, BH_CALL_FCNTL,
        ] {
            #expect(answer(.processor, call) == CallFilterTests.kill)
        }
    }

    @Test(arguments: Kind.allCases) func callsOfAnotherArchitectureEndTheProcess(kind: Kind) {
        // AUDIT_ARCH_I386.
        let program = FilterProgram(bytes: kind.filter.program)
        #expect(program.run(UInt32(BH_CALL_WRITE.rawValue), architecture: 0x4000_0003) == CallFilterTests.kill)
    }

    /// perl takes on a filter and makes a call; what is left of it tells. (Once in, a filter can't be left: this process
    /// can't try it on itself.)
    private func end(_ kind: Kind, call: String, in resources: TestResources) throws -> ProcessEnd {
        let file = resources.directory + "/filter"
        try Files.write(file, kind.filter.program)
        let text = """
            open(F, '<:raw', shift) or die; local $/; $p = <F>; close(F);
            $page = 'x' x 65536; $name = "/tmp\\0";
            syscall(157, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
            syscall(157, 22, 2, pack('S x6 P', length($p) / 8, $p)) == 0 or die "filter: $!";
            syscall(\(call)); syscall(60, 0);
            """
        let pid = try Spawn.process(path: "/usr/bin/perl", arguments: ["-e", text, file], descriptors: [(2, 2)])
        return try ProcessDescriptor(process: pid).waitForEnd()
    }

    @Test(arguments: Kind.allCases) func whatIsAllowedIsDone(kind: Kind) throws {
        try withTestResources { resources in
            // gettid; write of nothing to standard error.
            for call in ["186", "1, 2, $page, 0"] {
                let seen = try end(kind, call: call, in: resources)
                #expect(seen == .exited(code: 0), "call \(call)")
            }
        }
    }

    @Test(
        arguments: Kind.allCases,
        [
            ("open", "2, $name, 0"), ("openat", "257, -100, $name, 0"), ("execve", "59, $name, 0, 0"),
            ("socket", "41, 1, 1, 0"), ("connect", "42, 0, $page, 16"), ("fork", "57"), ("clone", "56, 17, 0"),
            ("clone3", "435, $page, 88"), ("ptrace", "101, 0, 1, 0, 0"), ("kill", "62, 1, 0"),
            ("ioctl TIOCSTI", "16, 0, 0x5412, $page"), ("ioctl KVM_CREATE_VM", "16, 0, 0xAE01, 0"),
            ("mmap executable", "9, 0, 4096, 7, 0x22, -1, 0"), ("unlink", "87, $name"), ("mount", "165, 0, 0, 0, 0, 0"),
            ("setuid", "105, 0"), ("prctl", "157, 38, 1"), ("io_uring_setup", "425, 1, $page"), ("bpf", "321, 0, 0, 0"),
            ("process_vm_readv", "310, 1, 0, 0, 0, 0, 0"), ("name_to_handle_at", "303, -100, $name, 0, 0, 0"),
        ])
    func whatIsNotAllowedEndsTheProcess(kind: Kind, call: (name: String, words: String)) throws {
        try withTestResources { resources in
            let seen = try end(kind, call: call.words, in: resources)
            #expect(seen == .signaled(SIGSYS), "\(call.name)")
        }
    }
}
