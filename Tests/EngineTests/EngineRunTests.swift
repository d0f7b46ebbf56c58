import Foundation
import Glibc
import TestKit
import Testing
import Wire

@testable import Engine

/// Containers through real monitors, as root on the real kernel; the image is a directory with busybox.
@Suite(.serialized, .blocking, .enabled(if: getuid() == 0 && EngineFixture.canRun)) struct EngineRunTests {
    @Test func runsAndLogsAndEnds() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sh", "-c", "echo out; echo err >&2; exit 3"])
            let waiter = try await fixture.engine.waiter(id, .nextExit)
            try await fixture.engine.start(id)
            let conclusion = try await waiter.value()
            #expect(conclusion.exitCode == 3)
            let record = try await fixture.engine.container(named: String(id.prefix(8)))
            #expect(record.state.status == .exited)
            #expect(try await fixture.log(id).sorted() == ["err", "out"])
            try await fixture.engine.remove(id)
            #expect(await fixture.engine.list(all: true).isEmpty)
        }
    }

    @Test func anAttachedClientSeesEveryByte() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["echo", "hello"]) { $0.autoRemove = true }
            let ticket = try await fixture.engine.prepareAttach(id, AttachOptions())
            let removed = try await fixture.engine.waiter(id, .removed)
            try await fixture.engine.start(id)
            let stream = try await ticket.connect()
            #expect(try fixture.readAll(stream) == "hello\n")
            #expect(try await removed.value().exitCode == 0)
        }
    }

    @Test func aMissingCommandIs127() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["no-such-command"])
            do throws(EngineError) {
                try await fixture.engine.start(id)
                Issue.record("the start of a missing command succeeded")
            } catch {
                #expect(error.kind == .commandNotFound)
                #expect(error.message.contains("executable file not found"))
            }
            #expect(try await fixture.engine.container(named: id).state.exitCode == 127)
        }
    }

    @Test func stopKillAndRestart() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create([
                "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done",
            ])
            try await fixture.engine.start(id)
            // Until its shell has set the trap, the signal would be ignored, as by every first process.
            #expect(try await fixture.firstLine(id) == "ready")
            try await fixture.engine.stop(id)
            #expect(try await fixture.engine.container(named: id).state.exitCode == 7)
            try await fixture.engine.restart(id)
            #expect(try await fixture.engine.container(named: id).state.isRunning)
            try await fixture.engine.kill(id)
            #expect(try await fixture.engine.container(named: id).state.exitCode == 137)
        }
    }

    @Test func aRestartDoesNotRemoveWhatIsRemovedAtItsEnd() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sh", "-c", "echo x >> /lines; wc -l < /lines; exec sleep 100"]) {
                $0.autoRemove = true
            }
            let removed = try await fixture.engine.waiter(id, .removed)
            try await fixture.engine.start(id)
            try await fixture.engine.restart(id, timeout: 0)
            #expect(try await fixture.engine.container(named: id).state.isRunning)
            try await fixture.engine.kill(id)
            #expect(try await removed.value().exitCode == 137)
        }
    }

    @Test func execsWithTheirCode() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sleep", "100"])
            try await fixture.engine.start(id)
            let exec = try await fixture.engine.createExec(
                id, ExecSpecification(arguments: ["sh", "-c", "echo in; exit 5"]))
            guard let stream = try await fixture.engine.startExec(exec) else {
                Issue.record("there is no stream")
                return
            }
            #expect(try fixture.readAll(stream) == "in\n")
            #expect(try await fixture.engine.exec(exec).state == .exited(code: 5))
            try await fixture.engine.pause(id)
            #expect(try await fixture.engine.container(named: id).state.isPaused)
            try await fixture.engine.unpause(id)
            #expect(try await fixture.engine.top(id).contains { $0.command.contains("sleep") })
            #expect(try await fixture.engine.statistics(id)?.processes ?? 0 >= 1)
            try await fixture.engine.remove(id, force: true)
        }
    }

    @Test func restartPolicyCountsAndGivesUp() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sh", "-c", "exit 4"]) { $0.restart = .onFailure(maximumRetries: 2) }
            let ends = fixture.engine.events.subscribe { $0.action == "die" }
            try await fixture.engine.start(id)
            var count = 0
            for await _ in ends {
                count += 1
                if count == 3 { break }
            }
            #expect(try await fixture.engine.container(named: id).restartCount == 2)
        }
    }

    @Test func containersGoOnWithoutTheDaemon() async throws {
        try await EngineFixture.with { fixture in
            let running = try await fixture.create([
                "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done",
            ])
            let ending = try await fixture.create(["sh", "-c", "sleep 0.3; exit 9"])
            try await fixture.engine.start(running)
            try await fixture.engine.start(ending)
            try await fixture.reopen(after: .milliseconds(600))
            #expect(try await fixture.engine.container(named: running).state.isRunning)
            #expect(try await fixture.engine.container(named: ending).state.exitCode == 9)
            try await fixture.engine.stop(running, timeout: 0)
            let lines = try await fixture.log(running).compactMap { Int($0) }
            #expect(lines == Array(1...(lines.last ?? 1)))
        }
    }

    @Test func aKilledMonitorIs137() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sleep", "100"])
            try await fixture.engine.start(id)
            let waiter = try await fixture.engine.waiter(id, .nextExit)
            let process = try await fixture.engine.container(named: id).state.process
            let monitor = await fixture.engine.monitorProcess(of: id)
            kill(monitor, SIGKILL)
            let conclusion = try await waiter.value()
            #expect(conclusion.exitCode == 137)
            #expect(conclusion.error.contains("monitor"))
            // Gone, or waiting for whoever adopts orphans here to reap it.
            let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            #expect(state?.contains(") Z ") ?? true)
        }
    }

    @Test func anonymousVolumesAreFilledAndGo() async throws {
        try await EngineFixture.with { fixture in
            let id = try await fixture.create(["sh", "-c", "cat /etc/data/x; echo more > /etc/data/y"]) {
                $0.mounts = [
                    MountSpecification(source: .volume(name: nil, copy: true), target: "/etc/data"),
                    MountSpecification(source: .volume(name: "kept", copy: true), target: "/kept"),
                ]
            }
            let waiter = try await fixture.engine.waiter(id, .nextExit)
            try await fixture.engine.start(id)
            #expect(try await waiter.value().exitCode == 0)
            #expect(try await fixture.log(id) == ["from the image"])
            #expect(await fixture.engine.volumes().count == 2)
            do throws(EngineError) {
                try await fixture.engine.removeVolume("kept")
                Issue.record("a used volume was removed")
            } catch { #expect(error.kind == .conflict) }
            try await fixture.engine.remove(id, volumes: true)
            #expect(await fixture.engine.volumes().map(\.name) == ["kept"])
        }
    }
}
