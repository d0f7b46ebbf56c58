import Foundation
import Testing

/// The network card, the socket device and the console's ports.
extension RigVMMTests {
    @Test func packetsArriveWholeBothWays() async throws {
        try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let bytes = 4 << 20
            let sent = try Self.both(
                host: "\(RigMachine.peer) receive tcp-listen:5000 \(bytes)",
                guest: "peer send tcp:10.9.0.1:5000 \(bytes)",
                machine, in: &rig)
            let received = try Self.both(
                host: "\(RigMachine.peer) send tcp:10.9.0.2:5001 \(bytes)",
                guest: "peer receive tcp-listen:5001 \(bytes)",
                machine, in: &rig)
            print("in the rig, over tap: \(Self.rates(sent)) from the guest, \(Self.rates(received)) to it")
        }
    }

    @Test func streamsOfTheSocketDeviceArriveWholeBothWaysAtOnce() async throws {
        // A gigabyte takes some minutes in software.
        let bytes = ProcessInfo.processInfo.environment["BULKHEAD_VSOCK_BYTES"].flatMap { Int($0) } ?? 32 << 20
        try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let deadline = 2 * Rig.patience + bytes >> 19
            let asked = try Self.both(
                host: "\(RigMachine.peer) both unix:v:1001 \(bytes)", guest: "peer both vsock-listen:1001 \(bytes)",
                machine, in: &rig, deadline: deadline)
            let told = try Self.both(
                host: "\(RigMachine.peer) both unix-listen:v_1002 \(bytes)", guest: "peer both vsock:2:1002 \(bytes)",
                machine, in: &rig, deadline: deadline)
            print(
                "in the rig, over vsock, \(bytes) bytes each way: \(Self.rates(asked)) and \(Self.rates(told)) one way")
        }
    }

    @Test func aConsolePortIsAStreamBothWays() async throws {
        try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let bytes = 1 << 20
            let port = try machine.shell("grep -l '^words$' /sys/class/virtio-ports/*/name | cut -d / -f 5", in: &rig)
            _ = try Self.both(
                host: "\(RigMachine.peer) exchange unix:/tmp/shared/words \(bytes)",
                guest: "peer exchange file:/dev/\(port.filter { !$0.isNewline }) \(bytes)", machine, in: &rig)
        }
    }

    /// What `peer` has printed of its speed.
    private static func rates(_ text: String) -> String {
        text.split(separator: "\n").compactMap { line in
            line.hasSuffix("MB/s") ? line.split(separator: " ").suffix(2).joined(separator: " ") : nil
        }.first ?? text
    }
}
