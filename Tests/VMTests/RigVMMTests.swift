import Linux
import TestKit
import Testing

/// Our own machines with unmodified kernels of Debian's, on real KVM with nested paging: what the test hosts' own KVM can't
/// run. All share one rig; those of devices share one machine in it too.
@Suite(
    "rig: machines of our own", .serialized, .blocking,
    .rig {
        RigOptions(memory: 4096, nestedVirtualization: true, disks: [try VMGuestImage.made.get()])
    },
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigVMMTests {
    @Test func aGuestHasItsProcessorsAndItsMemory() async throws {
        let said = try await RigSession.use { rig, session in
            try RigMachine.shared(in: &rig, session).shell("nproc; grep MemTotal /proc/meminfo", in: &rig)
        }
        let lines = said.split(separator: "\n")
        #expect(lines.first == "2")
        let kilobytes = try #require(lines.last?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        // 512 MiB without what the kernel takes for itself.
        #expect((440_000...(512 << 10)).contains(kilobytes))
    }

    /// Runs a command of the rig's and a script in the guest at once, to both their ends, and gives what both said.
    static func both(
        host: String, guest: String, _ machine: RigMachine, in rig: inout Rig, deadline: Int = 2 * Rig.patience
    ) throws -> String {
        let script = """
            cd \(machine.folder)
            timeout \(deadline) \(host) & other=$!
            timeout \(deadline) \(machine.words); code=$?
            wait $other; other=$?
            [ $other$code = 00 ] && exit
            echo "ended with $other in the rig and $code in the guest; the machine's log and console:"
            tail -n 20 log; tail -c 2000 console
            exit 1
            """
        let result = try rig.run(
            script, input: Array("timeout \(deadline) \(guest)".utf8), deadline: deadline + Rig.patience)
        guard result.code == 0 else {
            throw RigError(
                machine: "\(host), and in the guest \(guest): \(result.code)\n\(result.output)\(result.error)")
        }
        return result.output
    }
}

/// The disk that scripts/make-vm-guest makes; made where it is not there yet.
enum VMGuestImage {
    static let made = Result {
        try withTestResources { resources in
            let script = "\(RigImage.project)/scripts/make-vm-guest"
            let result = try Command.run(script, [], in: resources)
            guard result.code == 0 else { throw RigError(description: "\(script): \(result.error)") }
            return "\(RigImage.project)/.build/vm-guest/guest.erofs"
        }
    }
}
