import Testing
import Wire

@testable import Engine

@Suite struct ContainerTransitionTests {
    private let rules = ContainerRules(id: "c1", name: "web")

    private func running(_ rules: ContainerRules) throws -> ContainerLife {
        var life = ContainerLife()
        #expect(try life.handle(.start, rules) == [.launch])
        #expect(try life.handle(.started(process: 7, at: 1000), rules) == [.save, .publish("start", [:])])
        return life
    }

    private func record(_ status: Wire.ExitStatus, at: Int64 = 2_000_001_000) -> ExitRecord {
        ExitRecord(status: status, startedAt: 1000, finishedAt: at)
    }

    @Test func runsAndEnds() throws {
        var life = try running(rules)
        let conclusion = Conclusion(exitCode: 3, startedAt: 1000, finishedAt: 2_000_001_000)
        #expect(
            try life.handle(.ended(record(.exited(code: 3))), rules) == [
                .release, .save, .publish("die", ["exitCode": "3", "execDuration": "2"]), .conclude(conclusion),
            ])
        #expect(life.state == .exited(conclusion))
        #expect(life.state.status == .exited)
    }

    @Test func startingTwiceIsNotModified() throws {
        var life = try running(rules)
        #expect(throws: EngineError(.notModified, "container c1 is already running")) {
            try life.handle(.start, rules)
        }
    }

    @Test func aFailedStartIsStillCreatedWithItsCode() throws {
        var life = ContainerLife()
        _ = try life.handle(.start, rules)
        let actions = try life.handle(.startFailed(exitCode: 127, message: "no such file", at: 5), rules)
        #expect(actions.first == .release)
        #expect(life.state.status == .created)
        #expect(life.state.exitCode == 127)
        #expect(life.state.error == "no such file")
    }

    @Test func removesItselfWhenItEnds() throws {
        let rules = ContainerRules(id: "c1", autoRemove: true)
        var life = try running(rules)
        let actions = try life.handle(.ended(record(.exited(code: 0))), rules)
        #expect(actions.last == .remove)
        #expect(!actions.contains(.save))
        #expect(life.state.status == .removing)
    }

    @Test func restartsByPolicy() throws {
        let rules = ContainerRules(id: "c1", restart: .onFailure(maximumRetries: 1))
        var life = try running(rules)
        let actions = try life.handle(.ended(record(.exited(code: 1))), rules)
        #expect(actions.last == .scheduleRestart(milliseconds: 100))
        #expect(life.state.isRestarting)
        #expect(try life.handle(.restartDue, rules) == [.launch])
        #expect(life.restartCount == 1)
        _ = try life.handle(.started(process: 8, at: 3_000_000_000), rules)
        let second = try life.handle(.ended(record(.exited(code: 1), at: 3_100_000_000)), rules)
        #expect(!second.contains { if case .scheduleRestart = $0 { true } else { false } })
        #expect(life.state.status == .exited)
    }

    @Test func aClientsStopEndsThePolicy() throws {
        let rules = ContainerRules(id: "c1", restart: .always)
        var life = try running(rules)
        #expect(try life.handle(.stop, rules) == [])
        _ = try life.handle(.ended(record(.signaled(signal: 15, outOfMemory: false))), rules)
        #expect(life.state.status == .exited)
        #expect(life.state.exitCode == 143)
        #expect(life.stoppedByClient)
    }

    @Test func stopWhileItWaitsForItsRestart() throws {
        let rules = ContainerRules(id: "c1", restart: .always)
        var life = try running(rules)
        _ = try life.handle(.ended(record(.exited(code: 1))), rules)
        #expect(try life.handle(.stop, rules).first == .cancelRestart)
        #expect(life.state.status == .exited)
    }

    @Test func aLostContainerReports137AndWhy() throws {
        var life = try running(rules)
        _ = try life.handle(.ended(record(.lost(reason: "the machine has panicked"))), rules)
        #expect(life.state.exitCode == 137)
        #expect(life.state.error == "the machine has panicked")
    }

    @Test func memoryKillIsRemembered() throws {
        var life = try running(rules)
        #expect(try life.handle(.outOfMemory, rules) == [.publish("oom", [:])])
        _ = try life.handle(.ended(record(.signaled(signal: 9, outOfMemory: true))), rules)
        #expect(life.state.outOfMemory)
        #expect(life.state.exitCode == 137)
    }

    @Test func pausesAndResumes() throws {
        var life = try running(rules)
        _ = try life.handle(.paused, rules)
        #expect(life.state.status == .paused)
        #expect(throws: EngineError.self) { try life.handle(.paused, rules) }
        #expect(throws: EngineError(.conflict, "cannot start a paused container, try unpause instead")) {
            try life.handle(.start, rules)
        }
        _ = try life.handle(.resumed, rules)
        #expect(life.state.status == .running)
    }

    @Test func aRunningOneIsRemovedOnlyByForce() throws {
        var life = try running(rules)
        #expect(
            throws: EngineError(
                .conflict,
                "cannot remove container \"/web\": container is running: stop the container before removing "
                    + "or force remove")
        ) {
            try life.handle(.remove(force: false), rules)
        }
        #expect(try life.handle(.remove(force: true), rules) == [.kill])
    }
}
