import CLinux
import Glibc
import Linux
import Synchronization
import TestKit
import Testing

@testable import VMM

/// What runs on an I/O thread, when, and what its end means.
@Suite(.blocking) struct IOThreadTests {
    @Test func workIsDoneOnTheThreadAndItsResultComesBack() throws {
        let thread = try IOThread("test")
        let here = pthread_self()
        let (there, value) = thread.run { _ in (pthread_self(), 42) }
        #expect(pthread_equal(here, there) == 0)
        #expect(value == 42)
        #expect(thread.run { _ in thread.isCurrent && thread.run { _ in true } }, "from the thread itself, too")
        #expect(!thread.isCurrent)
        #expect(throws: SystemError.self) {
            try thread.run { _ throws(SystemError) -> Void in throw SystemError("try", code: ENOENT) }
        }
        thread.stop()
        #expect(thread.run { _ in 7 } == 7, "after its end, by the caller")
    }

    @Test func whatComesFirstRunsOnTheThreadAndItsFailureIsTheStarters() throws {
        let seen = Mutex<pthread_t?>(nil)
        let thread = try IOThread("test", before: { seen.withLock { $0 = pthread_self() } })
        let itself = thread.run { _ in pthread_self() }
        #expect(try seen.withLock { pthread_equal(try #require($0), itself) } != 0)
        #expect(throws: SystemError("filter", code: EINVAL)) {
            _ = try IOThread("test", before: { () throws(SystemError) in throw SystemError("filter", code: EINVAL) })
        }
    }

    @Test func everyNotificationIsSeenWithoutBeingRead() throws {
        let thread = try IOThread("test")
        let event = Descriptor(adopting: bh_eventfd())
        let seen = Semaphore()
        let count = Atomic<Int>(0)
        let source = try thread.run { loop throws(SystemError) in
            try loop.add(event.rawValue, [.readable, .edge]) { _ in
                count.add(1, ordering: .relaxed)
                seen.signal()
            }
        }
        for _ in 0..<100 {
            EventCounter.signal(event.rawValue)
            seen.wait()
        }
        thread.run { $0.remove(source) }
        EventCounter.signal(event.rawValue)
        // Whatever there was to do is done before this.
        thread.run { _ in }
        #expect(count.load(ordering: .relaxed) == 100)
    }

    @Test func removedHandlerIsNotCalledAnyMoreAndFreesItsPlace() throws {
        let thread = try IOThread("test", capacity: 3)
        let events = [Descriptor(adopting: bh_eventfd()).release(), Descriptor(adopting: bh_eventfd()).release()]
        defer { for event in events { close(event) } }
        final class Watch: @unchecked Sendable {
            var sources: [IOLoop.Source] = []
            var calls = 0
        }
        let watch = Watch()
        for _ in 0..<50 {
            try thread.run { loop throws(SystemError) in
                watch.sources = []
                for event in events {
                    watch.sources.append(
                        try loop.add(event, .readable) { [unowned loop] _ in
                            watch.calls += 1
                            // The first removes itself and the other one.
                            for source in watch.sources { loop.remove(source) }
                        })
                }
                // Both happen in the same turn.
                for event in events { EventCounter.signal(event) }
            }
        }
        thread.run { _ in }
        #expect(watch.calls == 50)
        try thread.run { loop throws(SystemError) in
            _ = try loop.add(events[0], .writable) { _ in }
            _ = try loop.add(events[1], .writable) { _ in }
        }
        let third = Descriptor(adopting: bh_eventfd())
        #expect(throws: SystemError.self) {
            try thread.run { loop throws(SystemError) in _ = try loop.add(third.rawValue, .readable) { _ in } }
        }
    }

    @Test func timerGoesOffOnceEachTimeItIsSet() throws {
        let thread = try IOThread("test")
        let fired = Semaphore()
        let count = Atomic<Int>(0)
        final class Box: @unchecked Sendable { var timer: IOTimer? }
        let box = Box()
        try thread.run { loop throws(SystemError) in
            box.timer = try loop.timer {
                count.add(1, ordering: .relaxed)
                fired.signal()
            }
        }
        for _ in 0..<3 {
            thread.run { _ in box.timer?.set(nanoseconds: 1_000_000) }
            fired.wait()
        }
        thread.run { loop in
            box.timer?.set(nanoseconds: 1)
            box.timer?.cancel()
            if let timer = box.timer { loop.remove(timer) }
        }
        thread.run { _ in }
        #expect(count.load(ordering: .relaxed) == 3)
    }
}
