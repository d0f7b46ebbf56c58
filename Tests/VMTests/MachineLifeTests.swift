import Linux
import Testing
import Wire

@testable import VMM

/// What the end of a hypervisor's process means.
struct MachineLifeTests {
    @Test func powerOffIsNoFailure() {
        var emulator = QEMULife()
        emulator.said(shutdown: "guest-shutdown")
        #expect(MachineLife().outcome(of: emulator.outcome(of: .exited(code: 0)), panic: nil).end == .poweredOff)
    }

    @Test func panicNamesTheKernelsReason() {
        var emulator = QEMULife()
        emulator.said(shutdown: "guest-reset")
        let outcome = MachineLife().outcome(
            of: emulator.outcome(of: .exited(code: 0)), panic: "Attempted to kill init!")
        #expect(outcome.end == .panicked)
        #expect(outcome.reason == "the guest's kernel panicked: Attempted to kill init!")
    }

    @Test func killedHypervisorIsNotThePanicOfTheGuest() {
        #expect(MachineLife().outcome(of: QEMULife().outcome(of: .signaled(9)), panic: nil).end == .killed)
    }

    @Test func firstReasonStays() {
        var life = MachineLife()
        life.decide(.init(.hung, "3 s after its start"))
        life.decide(.init(.killed, "QEMU"))
        #expect(life.outcome(of: .killed("QEMU, by signal 9"), panic: nil).end == .hung)
    }

    @Test func endBeforeTheGreetingIsAFailedStart() {
        #expect(MachineLife().outcome(of: QEMULife().outcome(of: .exited(code: 1)), panic: nil).end == .notStarted)
    }

    @Test(arguments: [1, 7, 1000]) func panicIsFoundHoweverTheConsoleIsChunked(size: Int) {
        let text = Array("[    1.0] hello\r\n[    2.1] Kernel panic - not syncing: sysrq\r\n[    2.2] more".utf8)
        var watch = PanicWatch()
        for start in stride(from: 0, to: text.count, by: size) {
            watch.feed(Array(text[start..<min(start + size, text.count)]))
        }
        watch.finish()
        #expect(watch.reason == "sysrq")
    }

    @Test func controlEventsAreCutFromTheStream() {
        var control = ControlProtocol()
        var events: [ControlProtocol.Event] = []
        let text = """
            {"QMP": {"version": {}}}
            not json
            {"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}
            {"event": "STOP"}

            """
        for byte in text.utf8 { events += control.receive([byte]) }
        #expect(events == [.greeting, .shutdown(reason: "guest-reset"), .stopped])
    }

    @Test func commasInPathsAreNotOptions() {
        #expect(QEMUCommand.escape("/a,b") == "/a,,b")
    }
}
