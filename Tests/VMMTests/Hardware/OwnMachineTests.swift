import Linux
import TestKit
import Testing
import Wire

@testable import VMM

/// bulkhead-vmm as a machine itself, on the host's KVM, with a guest of ours.
@Suite(.blocking, .enabled(if: TestGuest.obstacle == nil, "no usable KVM: \(TestGuest.obstacle ?? "")"))
struct OwnMachineTests {
    @Test(
        arguments: [
            ("serial 1 2 3", .poweredOff, "1 2 3", "the machine was powered off"),
            ("reset", .reset, "", "the guest reset itself"),
            ("fault", .reset, "", "the guest reset itself: a triple fault on processor 0"),
            ("panic", .panicked, "", "the guest's kernel panicked"),
            (
                "serial Kernel panic - not syncing: why", .panicked, "Kernel panic - not syncing: why",
                "the guest's kernel panicked: why"
            ),
        ] as [(String, MachineEnd, String, String)])
    func itsEndIsToldAsThatOfAnyMachine(line: String, end: MachineEnd, console: String, reason: String) throws {
        try withTestResources { resources in
            let machine = try OwnMachine(line, in: resources)
            let seen = try machine.end()
            #expect(seen.end == .exited(code: end.rawValue))
            #expect(seen.console == console)
            #expect(try machine.reason == reason + "\n")
            #expect(try machine.said == "bulkhead-vmm: \(reason)\n")
        }
    }

    @Test func whereItCannotBeRunOnIsTold() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("astray", in: resources)
            #expect(try machine.end().end == .exited(code: MachineEnd.killed.rawValue))
            let reason = try machine.reason
            #expect(reason.contains("at instruction 0xc8000000"), "\(reason)")
        }
    }

    @Test func itTellsItsStateAndIsEndedByForce() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("stay here", in: resources)
            try machine.awaitPrinted("here")
            guard case .state(let report) = try machine.ask(.state) else {
                Issue.record("no state")
                return
            }
            #expect(report.process == machine.process)
            #expect(try machine.ask(.signal(number: 9, process: nil)) == .done)
            #expect(try machine.end().end == .exited(code: MachineEnd.forced.rawValue))
        }
    }

    @Test func aGuestThatPrintsForNobodyIsControlledAllTheSame() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("flood", in: resources) { $0.processors = 2 }
            try machine.awaitPrinted("x")
            guard case .state = try machine.ask(.state) else {
                Issue.record("no state")
                return
            }
            #expect(try machine.ask(.signal(number: 9, process: nil)) == .done)
            #expect(try machine.endUnread() == .exited(code: MachineEnd.forced.rawValue))
        }
    }

    @Test func nothingThatItPrintsIsLostOnTheWayToASlowReader() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("pour", in: resources)
            // Everything on the way is full: the guest waits.
            try machine.awaitWaitingProcessor()
            let seen = try machine.end()
            #expect(seen.end == .exited(code: MachineEnd.poweredOff.rawValue))
            #expect(seen.console == String(repeating: "0123456789abcdef", count: 0x3400))
        }
    }

    @Test func aMachineWithoutAKernelIsNotStarted() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("hello", in: resources) { $0.kernel = "\(resources.directory)/none" }
            #expect(try machine.end().end == .exited(code: MachineEnd.notStarted.rawValue))
            #expect(try machine.reason.contains("\(resources.directory)/none: no such file or directory"))
        }
    }

    @Test func nothingIsLeftOfOneThatIsKilled() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("stay here", in: resources) { $0.processors = 2 }
            try machine.awaitPrinted("here")
            machine.kill()
        }
    }
}
