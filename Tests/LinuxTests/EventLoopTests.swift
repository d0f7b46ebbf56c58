import Linux
import TestKit
import Testing

@Suite("Event loop", .blocking)
struct EventLoopTests {
    @Test func readsWhatComesAndStops() throws {
        let loop = try EventLoop()
        let pipe = try PipePair()
        let number = pipe.reading.rawValue
        var seen: EventLoop.Interest = []
        try loop.add(number, .readable) { interest in
            seen = interest
            loop.remove(number)
            loop.stop()
        }
        try pipe.writing.writeAll("x")
        try loop.run()
        #expect(seen.contains(.readable))
    }

    @Test func timersFireInOrder() throws {
        let loop = try EventLoop()
        var order: [Int] = []
        loop.schedule(afterMilliseconds: 20) {
            order.append(2)
            loop.stop()
        }
        loop.schedule(afterMilliseconds: 1) { order.append(1) }
        let cancelled = loop.schedule(afterMilliseconds: 2) { order.append(9) }
        loop.cancel(cancelled)
        try loop.run()
        #expect(order == [1, 2])
    }

    @Test func timersThatAreSetAgainLeaveDescriptorsTheirTurn() throws {
        let loop = try EventLoop()
        let pipe = try PipePair()
        let number = pipe.reading.rawValue
        var rounds = 0
        var read = false
        func again() {
            rounds += 1
            // Without the limit a loop that never looks at its descriptors would hang this test.
            if read || rounds == 1000 { loop.stop() } else { loop.schedule(afterMilliseconds: 0, again) }
        }
        loop.schedule(afterMilliseconds: 0) {
            do { try pipe.writing.writeAll("x") } catch { Issue.record(error) }
            again()
        }
        try loop.add(number, .readable) { _ in
            read = true
            loop.remove(number)
        }
        try loop.run()
        #expect(read && rounds < 1000)
    }

    @Test func handlerOfARemovedSourceIsNotCalled() throws {
        let loop = try EventLoop()
        let first = try PipePair()
        let second = try PipePair()
        var calls = 0
        for number in [first.reading.rawValue, second.reading.rawValue] {
            let other = number == first.reading.rawValue ? second.reading.rawValue : first.reading.rawValue
            try loop.add(number, .readable) { _ in
                calls += 1
                loop.remove(other)
            }
        }
        try first.writing.writeAll("x")
        try second.writing.writeAll("x")
        try loop.turn(waitingAtMost: 1000)
        #expect(calls == 1)
    }
}
