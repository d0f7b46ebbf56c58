import Testing

@testable import Wire

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Both ends of a link, and what is under way between them.
struct Link {
    var host = Multiplexer(side: .host)
    var guest = Multiplexer(side: .guest)

    /// Opens a connection.
    mutating func open() throws -> UInt32 {
        let number = host.open()
        return try #require(number)
    }

    /// Moves everything both ways; gives what it meant on the host's side and the guest's.
    mutating func settle() throws -> (host: [Multiplexer.Event], guest: [Multiplexer.Event]) {
        var events: ([Multiplexer.Event], [Multiplexer.Event]) = ([], [])
        while host.waitingOutput > 0 || guest.waitingOutput > 0 {
            events.1 += try guest.receive(host.takeOutput())
            events.0 += try host.receive(guest.takeOutput())
        }
        return events
    }
}

@Suite struct MultiplexerTests {
    @Test func connectionsOpenedBeforeTheGuestIsThereAreOpenedWhenItIs() throws {
        var link = Link()
        let number = try link.open()
        #expect(link.host.sendable(on: number) == 0)
        #expect(link.host.waitingOutput == 0)
        let (host, guest) = try link.settle()
        #expect(host == [.ready])
        #expect(guest == [.opened(number)])
        #expect(link.host.sendable(on: number) > 0)
    }

    @Test func bytesAndBothEndsTravel() throws {
        var link = Link()
        let number = try link.open()
        _ = try link.settle()
        let sent = link.host.send([1, 2, 3], on: number)
        link.host.finish(number)
        let there = try link.settle().guest
        #expect(sent == 3)
        #expect(there == [.data(number, [1, 2, 3]), .finished(number)])
        _ = link.guest.send([4], on: number)
        let isOver = link.guest.finish(number)
        let back = try link.settle().host
        #expect(isOver)
        #expect(back == [.data(number, [4]), .closed(number)])
    }

    @Test func aStreamThatNobodyTakesStopsAtItsWindowAndNoOther() throws {
        var link = Link()
        let slow = try link.open()
        let quick = try link.open()
        _ = try link.settle()
        var sent = 0
        while case let count = link.host.send([UInt8](repeating: 1, count: 50_000), on: slow), count > 0 {
            sent += count
            _ = try link.settle()
        }
        #expect(sent == Multiplexer.window)
        #expect(link.host.sendable(on: slow) == 0)
        _ = link.host.send([9], on: quick)
        let there = try link.settle().guest
        #expect(there == [.data(quick, [9])])
        link.guest.consumed(sent, on: slow)
        _ = try link.settle()
        #expect(link.host.sendable(on: slow) > 0)
    }

    @Test func aBusyLinkTakesNoMoreThanItsBound() throws {
        var link = Link()
        let numbers = (0..<8).compactMap { _ in link.host.open() }
        _ = try link.settle()
        for number in numbers { _ = link.host.send([UInt8](repeating: 1, count: Multiplexer.window), on: number) }
        #expect(link.host.waitingOutput <= Multiplexer.outputBound + 1024)
    }

    @Test func aNewAgentEndsTheConnectionsOfTheOldOne() throws {
        var link = Link()
        let number = try link.open()
        _ = try link.settle()
        link.guest = Multiplexer(side: .guest)
        let events = try link.settle().host
        #expect(events == [.closed(number), .ready])
        let next = try link.open()
        let there = try link.settle().guest
        #expect(there == [.opened(next)])
    }

    @Test func aResetEndsBothDirectionsAndLateBytesAreDropped() throws {
        var link = Link()
        let number = try link.open()
        _ = try link.settle()
        _ = link.guest.send([1], on: number)
        link.host.reset(number)
        let (host, guest) = try link.settle()
        #expect(host.isEmpty)
        #expect(guest == [.closed(number)])
    }

    @Test func whoeverSendsMoreThanGrantedIsCut() throws {
        var host = Multiplexer(side: .host)
        var bytes: [UInt8] = []
        LinkFrame.hello(version: LinkFrame.version).write(to: &bytes)
        let opened = host.open()
        let number = try #require(opened)
        _ = try host.receive(bytes)
        bytes = []
        for _ in 0...(Multiplexer.window / LinkFrame.largestData) {
            LinkFrame.data(number, [UInt8](repeating: 0, count: LinkFrame.largestData)).write(to: &bytes)
        }
        #expect(throws: WireError.self) { try host.receive(bytes) }
    }

    enum Breach: CaseIterable {
        case opens, grantsTooMuch, sendsTooLongAFrame, isOfAnotherVersion

        var frame: LinkFrame {
            switch self {
            case .opens: .open(1)
            case .grantsTooMuch: .credit(1, .max)
            case .sendsTooLongAFrame: .data(1, [UInt8](repeating: 0, count: LinkFrame.largestData + 1))
            case .isOfAnotherVersion: .hello(version: 99)
            }
        }
    }

    @Test(arguments: Breach.allCases) func aGuestThatBreaksTheRulesIsCut(breach: Breach) throws {
        var host = Multiplexer(side: .host)
        _ = host.open()
        var bytes: [UInt8] = []
        LinkFrame.hello(version: LinkFrame.version).write(to: &bytes)
        _ = try host.receive(bytes)
        bytes = []
        breach.frame.write(to: &bytes)
        #expect(throws: WireError.self) { try host.receive(bytes) }
    }

    @Test func noiseNeverTraps() {
        var dice = Dice(state: 1)
        for _ in 0..<2000 {
            var host = Multiplexer(side: .host)
            _ = host.open()
            var bytes: [UInt8] = []
            LinkFrame.hello(version: LinkFrame.version).write(to: &bytes)
            for _ in 0..<Int.random(in: 0..<60, using: &dice) {
                bytes.append(UInt8.random(in: 0...(Bool.random(using: &dice) ? 5 : 255), using: &dice))
            }
            // Noise may be understood or refused; either is right as long as nothing traps.
            _ = try? host.receive(bytes)
        }
    }

    /// Several streams both ways, cut at random into what the link takes, and consumed at random.
    @Test(arguments: UInt64(1)...4) func everyByteArrivesInOrder(seed: UInt64) throws {
        var dice = Dice(state: seed)
        var link = Link()
        let numbers = (0..<5).compactMap { _ in link.host.open() }
        // Longer than a window, so that the credit runs out.
        let size = 300_000
        var pattern = [UInt8](repeating: 0, count: size + 64)
        for index in pattern.indices { pattern[index] = UInt8(truncatingIfNeeded: index &* 31 ^ index >> 8) }
        let payload = { (number: UInt32, toGuest: Bool) in
            pattern[Int(number) * 2 + (toGuest ? 1 : 0)..<size + Int(number) * 2 + (toGuest ? 1 : 0)]
        }
        var sent: [[UInt32: Int]] = [[:], [:]]
        var received: [[UInt32: [UInt8]]] = [[:], [:]]
        var untaken: [[UInt32: Int]] = [[:], [:]]
        var finished: [Set<UInt32>] = [[], []]
        var turns = 0
        while finished[0].count + finished[1].count < 2 * numbers.count {
            turns += 1
            try #require(turns < 200_000, "nothing moves any more")
            let number = try #require(numbers.randomElement(using: &dice))
            let toGuest = Bool.random(using: &dice)
            let from = sent[toGuest ? 1 : 0][number] ?? 0
            let to = min(from + Int.random(in: 1...70_000, using: &dice), size)
            if from < to {
                let source = payload(number, toGuest)
                let bytes = Array(source[source.startIndex + from..<source.startIndex + to])
                let count = toGuest ? link.host.send(bytes, on: number) : link.guest.send(bytes, on: number)
                sent[toGuest ? 1 : 0][number] = from + count
                if from + count == size {
                    _ = toGuest ? link.host.finish(number) : link.guest.finish(number)
                }
            }
            let limit = Int.random(in: 1...30_000, using: &dice)
            var hostOut = link.host.takeOutput(atMost: limit)
            if Bool.random(using: &dice), hostOut.count > 1 {
                link.host.putBack(Array(hostOut[(hostOut.count / 2)...]))
                hostOut = Array(hostOut[..<(hostOut.count / 2)])
            }
            for (side, events) in [
                (1, try link.guest.receive(hostOut)), (0, try link.host.receive(link.guest.takeOutput(atMost: limit))),
            ] {
                for event in events {
                    switch event {
                    case .data(let number, let bytes):
                        received[side][number, default: []] += bytes
                        untaken[side][number, default: 0] += bytes.count
                        #expect(untaken[side][number, default: 0] <= Multiplexer.window)
                    case .finished(let number), .closed(let number): finished[side].insert(number)
                    case .ready, .opened: break
                    }
                }
            }
            let taken = Int.random(in: 0...60_000, using: &dice)
            for side in 0...1 {
                let count = min(taken, untaken[side][number] ?? 0)
                untaken[side][number, default: 0] -= count
                if side == 1 {
                    link.guest.consumed(count, on: number)
                } else {
                    link.host.consumed(count, on: number)
                }
            }
        }
        for number in numbers {
            let arrived = received[1][number]?.elementsEqual(payload(number, true)) == true
            let returned = received[0][number]?.elementsEqual(payload(number, false)) == true
            #expect(arrived && returned)
        }
    }
}
