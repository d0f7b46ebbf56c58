import Testing

@testable import VMM

/// Which packets a stream sends and what it does at the host's socket, for what the guest and the host do.
@Suite("vsock: streams") struct VsockStreamTests {
    private static let ports = VsockPorts(guest: 52, host: 1 << 30)
    private static let room: UInt32 = 1000

    /// A packet of the guest's.
    private func packet(
        _ operation: VsockOperation, length: UInt32 = 0, flags: VsockHalves = [], allocated: UInt32 = 500,
        forwarded: UInt32 = 0
    ) -> VsockHeader {
        VsockHeader(
            sourceContext: 3, destinationContext: 2, sourcePort: 52, destinationPort: 1 << 30, length: length,
            operation: operation.rawValue, flags: flags.rawValue, allocated: allocated, forwarded: forwarded)
    }

    /// A stream that the guest has asked for and that has answered.
    private func open() -> VsockStream {
        var stream = VsockStream(accepting: packet(.request), room: Self.room)
        #expect(stream.turn == .packet(.response))
        _ = stream.header(.response, guestContext: 3)
        #expect(stream.turn == .nothing)
        return stream
    }

    @Test func headerLiesInMemoryAsTheStandardSays() {
        #expect(MemoryLayout<VsockHeader>.size == VsockHeader.size)
        #expect(MemoryLayout<VsockHeader>.offset(of: \.destinationPort) == 20)
        #expect(MemoryLayout<VsockHeader>.offset(of: \.type) == 28)
        #expect(MemoryLayout<VsockHeader>.offset(of: \.operation) == 30)
        #expect(MemoryLayout<VsockHeader>.offset(of: \.flags) == 32)
        #expect(MemoryLayout<VsockHeader>.offset(of: \.forwarded) == 40)
    }

    @Test func hostAsksAndGuestAccepts() {
        var stream = VsockStream(asking: Self.ports, room: Self.room, now: 0)
        stream.isReadable = true
        #expect(stream.turn == .packet(.request))
        let header = stream.header(.request, guestContext: 3)
        #expect(header.sourceContext == 2 && header.destinationContext == 3)
        #expect(header.sourcePort == 1 << 30 && header.destinationPort == 52)
        #expect(header.allocated == Self.room && header.type == 1)
        #expect(stream.turn == .nothing, "no payload before the guest has accepted")
        #expect(stream.deadline == VsockStream.patience)
        #expect(stream.receive(packet(.response), now: 1) == .accepted)
        #expect(stream.deadline == nil)
        #expect(stream.turn == .data(atMost: 500))
    }

    @Test func hostAsksAndGuestRefuses() {
        var stream = VsockStream(asking: Self.ports, room: Self.room, now: 0)
        #expect(stream.receive(packet(.reset), now: 1) == .close)
    }

    @Test(arguments: [VsockOperation.request, .data, .shutdown, .creditUpdate, .creditRequest])
    func whatIsNoAnswerToARequestEndsIt(operation: VsockOperation) {
        var stream = VsockStream(asking: Self.ports, room: Self.room, now: 0)
        #expect(stream.receive(packet(operation, length: 1), now: 1) == .reset)
    }

    @Test func clientThatGoesBeforeTheAnswerEndsTheRequest() {
        var stream = VsockStream(asking: Self.ports, room: Self.room, now: 0)
        #expect(stream.hangUp(now: 1) == .reset)
    }

    @Test func guestGetsNoMoreThanItHasRoomFor() {
        var stream = open()
        stream.isReadable = true
        #expect(stream.turn == .data(atMost: 500))
        #expect(stream.header(.data, length: 400, guestContext: 3).length == 400)
        #expect(stream.turn == .data(atMost: 100))
        _ = stream.header(.data, length: 100, guestContext: 3)
        #expect(stream.turn == .packet(.creditRequest))
        _ = stream.header(.creditRequest, guestContext: 3)
        #expect(stream.turn == .nothing, "asked once")
        #expect(stream.receive(packet(.creditUpdate, forwarded: 450), now: 0) == .nothing)
        #expect(stream.turn == .data(atMost: 450))
    }

    @Test func guestThatLiesAboutItsRoomGetsNothing() {
        var stream = open()
        stream.isReadable = true
        _ = stream.header(.data, length: 400, guestContext: 3)
        _ = stream.receive(packet(.creditUpdate, allocated: 500, forwarded: 401), now: 0)
        #expect(stream.turn == .packet(.creditRequest), "more passed on than was sent")
        _ = stream.receive(packet(.creditUpdate, allocated: 300, forwarded: 0), now: 0)
        #expect(stream.turn == .packet(.creditRequest), "less room than is in flight")
        _ = stream.receive(packet(.creditUpdate, allocated: .max, forwarded: 400), now: 0)
        #expect(stream.turn == .data(atMost: .max))
    }

    @Test func guestIsToldOfRoomOnceHalfIsUsed() {
        var stream = open()
        #expect(stream.receive(packet(.data, length: 400), now: 0) == .deliver)
        #expect(stream.forwarded(400) == .nothing)
        #expect(stream.turn == .nothing)
        #expect(stream.receive(packet(.data, length: 100), now: 0) == .deliver)
        #expect(stream.turn == .nothing, "the host has not taken anything more")
        _ = stream.forwarded(100)
        #expect(stream.turn == .packet(.creditUpdate))
        #expect(stream.header(.creditUpdate, guestContext: 3).forwarded == 500)
        #expect(stream.turn == .nothing)
        _ = stream.receive(packet(.creditRequest), now: 0)
        #expect(stream.turn == .packet(.creditUpdate))
    }

    @Test func countersWrapAround() {
        var credit = VsockCredit(allocated: 1 << 31)
        var header = packet(.data)
        for round in 0..<5 as Range<UInt32> {
            header.forwarded = round &* (1 << 31)
            header.allocated = 1 << 31
            credit.hear(header)
            #expect(credit.sendable == 1 << 31)
            credit.send(1 << 31)
            #expect(credit.sendable == 0)
            let received = credit.receive(1 << 31)
            #expect(received)
            let beyond = credit.receive(1)
            #expect(!beyond)
            credit.forward(1 << 31)
            #expect(credit.held == 0)
            credit.tell(in: &header)
            #expect(header.forwarded == (round &+ 1) &* (1 << 31))
        }
    }

    @Test func moreThanThereIsRoomForEndsTheStream() {
        var stream = open()
        #expect(stream.receive(packet(.data, length: 1000), now: 0) == .deliver)
        #expect(stream.receive(packet(.data, length: 1), now: 0) == .reset)
    }

    @Test func hostThatSendsNoMoreStillReceives() {
        var stream = open()
        stream.isReadable = true
        #expect(stream.readToEnd(now: 0) == .nothing)
        #expect(stream.turn == .packet(.shutdown))
        #expect(stream.header(.shutdown, guestContext: 3).flags == VsockHalves.sending.rawValue)
        #expect(stream.receive(packet(.data, length: 5), now: 0) == .deliver)
        #expect(stream.deadline == nil)
        // Then it goes altogether.
        #expect(stream.hangUp(now: 10) == .nothing)
        #expect(stream.header(.shutdown, guestContext: 3).flags == VsockHalves.both.rawValue)
        #expect(stream.phase == .closing(until: 10 + VsockStream.patience))
        #expect(stream.receive(packet(.data, length: 7), now: 11) == .nothing, "nobody takes it")
        #expect(stream.receive(packet(.reset), now: 11) == .close)
    }

    @Test func whatTheHostSentBeforeItWentIsRead() {
        var stream = open()
        #expect(stream.hangUp(now: 0) == .nothing)
        #expect(stream.turn == .data(atMost: 500))
        _ = stream.header(.data, length: 3, guestContext: 3)
        #expect(stream.readToEnd(now: 0) == .nothing)
        #expect(stream.header(.shutdown, guestContext: 3).flags == VsockHalves.both.rawValue)
    }

    @Test func hostThatTakesNothingIsReported() {
        var stream = open()
        _ = stream.receive(packet(.data, length: 900), now: 0)
        #expect(stream.stopsTaking(now: 0) == .nothing)
        #expect(stream.credit.held == 0)
        #expect(stream.header(.shutdown, guestContext: 3).flags == VsockHalves.receiving.rawValue)
    }

    @Test func guestThatSendsNoMoreStillReceives() {
        var stream = open()
        stream.isReadable = true
        #expect(stream.receive(packet(.shutdown, flags: .sending), now: 0) == .finishWriting)
        #expect(stream.receive(packet(.shutdown, flags: .sending), now: 0) == .nothing, "said already")
        #expect(stream.turn == .data(atMost: 500))
        #expect(stream.receive(packet(.data, length: 1), now: 0) == .reset, "it had ended this direction")
    }

    @Test func endIsPassedOnAfterTheLastByte() {
        var stream = open()
        _ = stream.receive(packet(.data, length: 10), now: 0)
        #expect(stream.receive(packet(.shutdown, flags: .sending), now: 0) == .nothing)
        #expect(stream.forwarded(9) == .nothing)
        #expect(stream.forwarded(1) == .finishWriting)
    }

    @Test func guestThatReceivesNoMoreIsSentNothing() {
        var stream = open()
        stream.isReadable = true
        #expect(stream.receive(packet(.shutdown, flags: .receiving), now: 0) == .stopReading)
        #expect(stream.turn == .nothing)
        #expect(stream.hangUp(now: 0) == .nothing)
        #expect(stream.turn == .packet(.shutdown))
    }

    @Test func guestThatClosesIsAnsweredOnceTheHostHasEverything() {
        var stream = open()
        #expect(stream.receive(packet(.shutdown, flags: .both), now: 0) == .reset)

        stream = open()
        _ = stream.receive(packet(.data, length: 10), now: 0)
        #expect(stream.receive(packet(.shutdown, flags: .both), now: 5) == .stopReading)
        #expect(stream.deadline == 5 + VsockStream.patience)
        #expect(stream.receive(packet(.shutdown, flags: .both), now: 50) == .nothing)
        #expect(stream.deadline == 5 + VsockStream.patience, "saying it again wins no time")
        #expect(stream.forwarded(4) == .nothing)
        #expect(stream.forwarded(6) == .reset)
    }

    @Test func bothSidesCloseAtTheSameTime() {
        var stream = open()
        _ = stream.hangUp(now: 0)
        _ = stream.readToEnd(now: 0)
        #expect(stream.receive(packet(.shutdown, flags: .both), now: 1) == .reset)
    }

    @Test func unknownOperationEndsTheStream() {
        var stream = open()
        var header = packet(.data)
        header.operation = 8
        #expect(stream.receive(header, now: 0) == .reset)
    }

    @Test func resetIsNeverAnswered() {
        #expect(packet(.reset).refusal(guestContext: 3) == nil)
        let refusal = packet(.data).refusal(guestContext: 3)
        #expect(refusal?.operation == VsockOperation.reset.rawValue)
        #expect(refusal?.destinationPort == 52 && refusal?.sourcePort == 1 << 30)
    }

    /// Whatever comes in whatever order: nothing traps, no more is sent than the guest allows, no more is held than
    /// there is room for.
    @Test func anyOrderOfEventsKeepsTheAccounts() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            var stream =
                Bool.random(using: &random)
                ? VsockStream(asking: Self.ports, room: Self.room, now: 0)
                : VsockStream(accepting: packet(.request), room: Self.room)
            events: for now in 0..<Int64(random.next() % 40) {
                var effect = VsockStream.Effect.nothing
                switch random.next() % 8 {
                case 0: stream.isReadable = true
                case 1: effect = stream.hangUp(now: now)
                case 2: effect = stream.readToEnd(now: now)
                case 3: effect = stream.stopsTaking(now: now)
                case 4: effect = stream.forwarded(UInt32(truncatingIfNeeded: random.next() % 2000))
                default:
                    var header = packet(
                        .data, length: UInt32(truncatingIfNeeded: random.next() % 1100),
                        allocated: UInt32(truncatingIfNeeded: random.next()),
                        forwarded: UInt32(truncatingIfNeeded: random.next() % 600))
                    header.operation = UInt16(random.next() % 10)
                    header.flags = UInt32(random.next() % 5)
                    effect = stream.receive(header, now: now)
                }
                #expect(stream.credit.held <= Self.room)
                if effect == .close || effect == .reset { break events }
                switch stream.turn {
                case .nothing: break
                case .packet(let operation):
                    _ = stream.header(operation, guestContext: 3)
                    #expect(stream.turn != .packet(operation), "sent once")
                case .data(let most):
                    #expect(most > 0 && !stream.guestEnded.contains(.receiving))
                    let count = UInt32.random(in: 1...most, using: &random)
                    _ = stream.header(.data, length: count, guestContext: 3)
                    #expect(stream.credit.sendable == most - count)
                }
            }
        }
    }
}
