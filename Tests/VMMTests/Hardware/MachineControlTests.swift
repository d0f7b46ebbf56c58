import Glibc
import Linux
import TestKit
import Testing
import Wire

@testable import VMM

/// What a machine of our own answers and does while it runs, asked on its control socket.
@Suite(.blocking, .enabled(if: TestGuest.obstacle == nil, "no usable KVM: \(TestGuest.obstacle ?? "")"))
struct MachineControlTests {
    @Test func aPausedMachineUsesNoProcessor() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("stay here", in: resources) { $0.processors = 2 }
            try machine.awaitPrinted("here")
            #expect(try machine.ask(.pause) == .done)
            #expect(try machine.ask(.pause) == .done)
            #expect(try machine.phase() == .paused)
            // It never stands still while a processor is in the guest.
            var time: UInt64 = 0
            while case let now = try machine.statistics().processorTotal, now != time { time = now }
            #expect(time > 0)
            #expect(try machine.ask(.resume) == .done)
            #expect(try machine.phase() == .running)
            while try machine.statistics().processorTotal == time {}
            #expect(try machine.ask(.signal(number: 9, process: nil)) == .done)
            #expect(try machine.end().end == .exited(code: MachineEnd.forced.rawValue))
        }
    }

    @Test func aMachineThatPrintsForNobodyIsPausedAndEnded() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("flood", in: resources)
            try machine.awaitPrinted("x")
            try machine.awaitWaitingProcessor()
            #expect(try machine.ask(.pause) == .done)
            #expect(try machine.phase() == .paused)
            #expect(try machine.ask(.signal(number: 9, process: nil)) == .done)
            #expect(try machine.endUnread() == .exited(code: MachineEnd.forced.rawValue))
        }
    }

    @Test func aClientForWhomThereIsNoDescriptorIsServedLater() throws {
        try withTestResources { resources in
            // What one has that is as it should be.
            let other = try OwnMachine("stay here", in: resources)
            try other.awaitPrinted("here")
            let highest = try Files.entries(of: "/proc/\(other.process)/fd").compactMap { Int($0) }.max() ?? 0
            other.kill()
            for path in [other.setup.guestSocket, other.setup.controlSocket] { try Files.remove(path) }
            let machine = try OwnMachine("stay here", in: resources, descriptors: highest + 2)
            try machine.awaitPrinted("here")
            var clients: [Int32] = []
            // The kernel and the initrd are closed by now: some numbers are free.
            while clients.count < 8 { clients.append(try UnixSocket.connect(machine.setup.controlSocket).release()) }
            while try machine.said.isEmpty { sched_yield() }
            for client in clients { close(client) }
            #expect(try machine.phase() == .running)
            #expect(try machine.ask(.signal(number: 9, process: nil)) == .done)
            #expect(try machine.end().end == .exited(code: MachineEnd.forced.rawValue))
            // Not as often as the loop turns.
            #expect(try machine.said.split(separator: "\n").count < 20)
        }
    }

    @Test func itTellsWhatItUses() throws {
        try withTestResources { resources in
            let directory = resources.directory
            try Files.write("\(directory)/image", [UInt8](repeating: 1, count: 5 << 20))
            try Files.write("\(directory)/disk", [UInt8](repeating: 0, count: 1 << 20))
            let machine = try OwnMachine("stay here", in: resources) {
                ($0.image, $0.disk) = ("\(directory)/image", "\(directory)/disk")
            }
            try machine.awaitPrinted("here")
            let statistics = try machine.statistics()
            let report = try #require(statistics.machine)
            #expect(statistics.processors == 1)
            #expect(statistics.memoryLimit == 64 << 20)
            #expect(report.memory == 64 << 20)
            // Three large pages, or the small ones that it touches.
            #expect(report.memoryUsed > 0 && report.memoryUsed <= 6 << 20)
            #expect(report.memoryShared == 6 << 20)
            #expect(report.balloon == 0 && report.memoryReturned == 0)
            // "here" and what it reads before each byte.
            #expect(report.exits["ports"] == 8)
            #expect(Set(report.devices.keys) == ["console", "image", "disk", "entropy", "balloon"])
            #expect(report.devices["disk"]?["requests"] == 0)
            machine.kill()
        }
    }

    @Test func limitsOfWhatItHasAreTakenAndOthersRefused() throws {
        try withTestResources { resources in
            try Files.write("\(resources.directory)/disk", [UInt8](repeating: 0, count: 1 << 20))
            let machine = try OwnMachine("stay here", in: resources) { $0.disk = "\(resources.directory)/disk" }
            try machine.awaitPrinted("here")
            var limits = MachineLimits()
            limits.disk = MachineLimits.Rate(bytes: 1 << 20, operations: 100)
            #expect(try machine.ask(.limit(limits)) == .done)
            limits.disk = MachineLimits.Rate()
            #expect(try machine.ask(.limit(limits)) == .done)
            limits.disk = MachineLimits.Rate(bytes: 0)
            #expect(
                try machine.ask(.limit(limits))
                    == .failed(
                        Failure(.invalid, "the limit disk: bytes: 0 a second can't be; leave it out for none")))
            limits = MachineLimits()
            limits.sending = MachineLimits.Rate(bytes: 1)
            #expect(
                try machine.ask(.limit(limits)) == .failed(Failure(.invalid, "the machine has no network to limit")))
            limits = MachineLimits()
            limits.balloon = 1 << 20
            #expect(
                try machine.ask(.limit(limits))
                    == .failed(
                        Failure(
                            .invalid, "a balloon of 1048576 bytes: at most 0 leave the guest enough to live")))
            machine.kill()
        }
    }

    @Test func whatQEMUCanNotDoIsRefused() throws {
        let supervisor = try Supervisor(
            MachineSetup(
                accelerator: "tcg", emulator: "/none", processors: 1, memory: 0, kernel: "", initrd: "",
                commandLine: "", guestSocket: "", controlSocket: ""))
        for request in [Request.pause, .resume, .statistics, .limit(MachineLimits())] {
            #expect(
                supervisor.answer(request)
                    == .failed(
                        Failure(
                            .invalid,
                            "a machine of QEMU can't be paused, measured or limited from here: choose the hypervisor kvm"
                        )))
        }
    }
}

extension OwnMachine {
    fileprivate func phase() throws -> ContainerReport.Phase? {
        guard case .state(let report) = try ask(.state) else { return nil }
        return report.phase
    }

    fileprivate func statistics() throws -> StatisticsReport {
        guard case .statistics(let report) = try ask(.statistics) else { throw GuestError("no statistics") }
        return report
    }
}
