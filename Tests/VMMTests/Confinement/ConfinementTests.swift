import Glibc
import Linux
import TestKit
import Testing
import Wire

@testable import VMM

/// The walls of a process that executes a guest, seen from outside.
@Suite(.blocking, .enabled(if: TestGuest.obstacle == nil, "no usable KVM: \(TestGuest.obstacle ?? "")"))
struct ConfinementTests {
    @Test func everyThreadIsNobodyBehindAFilterOnceTheGuestRuns() throws {
        try withTestResources { resources in
            try Files.write("\(resources.directory)/disk", [UInt8](repeating: 0, count: 1 << 20))
            let machine = try OwnMachine("stay here", in: resources) {
                $0.processors = 2
                $0.disk = "\(resources.directory)/disk"
            }
            try machine.awaitPrinted("here")
            let tasks = "/proc/\(machine.process)/task"
            var names: Set<String> = []
            for task in try Files.entries(of: tasks) {
                let status = try ProcessStatus("\(tasks)/\(task)/status")
                names.insert(status["Name"])
                #expect(status["Uid"] == "65534 65534 65534 65534")
                #expect(status["Gid"] == "65534 65534 65534 65534")
                #expect(status["Groups"] == "")
                for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000000000") }
                #expect(status["NoNewPrivs"] == "1")
                #expect(status["Seccomp"] == "2")
            }
            #expect(names.isSuperset(of: ["bulkhead-vmm", "vcpu0", "vcpu1", "devices", "disk"]))
            let limits = try Files.readText("/proc/\(machine.process)/limits")
            for (name, value) in [("file size", "1048576"), ("core file size", "0"), ("open files", "4096")] {
                let line = limits.split(separator: "\n").first { $0.hasPrefix("Max \(name) ") }
                let words = line?.split(separator: " ").suffix(3).prefix(2).map { String($0) }
                #expect(words == [value, value], "\(name)")
            }
            machine.kill()
        }
    }

    @Test func aMachineWithoutAUserLosesItsCapabilitiesAllTheSame() throws {
        try withTestResources { resources in
            let machine = try OwnMachine("stay here", in: resources) { $0.user = nil }
            try machine.awaitPrinted("here")
            let status = try ProcessStatus("/proc/\(machine.process)/status")
            #expect(status["CapPrm"] == "0000000000000000" && status["CapEff"] == "0000000000000000")
            machine.kill()
        }
    }

    @Test(arguments: ["65534", "nobody:nobody", "1:2:3", "4294967295:0", ""])
    func whatIsNoUserIsNoMachine(user: String) throws {
        try withTestResources { resources in
            let machine = try OwnMachine("serial x", in: resources) { $0.user = user }
            #expect(try machine.end().end == .exited(code: MachineEnd.notStarted.rawValue))
            #expect(try machine.reason.contains("the user \"\(user)\": two numbers"))
        }
    }
}

/// The lines of a `/proc/…/status`, by name.
private struct ProcessStatus {
    private var values: [String: String] = [:]

    init(_ path: String) throws {
        for line in try Files.readText(path).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            let words = parts.count > 1 ? parts[1].split(whereSeparator: { $0 == "\t" || $0 == " " }) : []
            values[String(parts[0])] = words.joined(separator: " ")
        }
    }

    subscript(name: String) -> String { values[name] ?? "missing" }
}
