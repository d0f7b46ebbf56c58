import Testing

@testable import VMM

/// Which connections there are, and whose turn it is.
@Suite("vsock: connections") struct VsockTableTests {
    private func claim(_ table: inout VsockTable) throws -> Int {
        let slot = table.claim(until: 0)
        return try #require(slot)
    }

    @Test func thereAreAtMost1023() {
        var table = VsockTable()
        var slots: Set<Int> = []
        while let slot = table.claim(until: 0) { slots.insert(slot) }
        #expect(slots.count == 1023 && table.count == 1023)
        table.release(7)
        let again = table.claim(until: 0)
        #expect(again == 7)
        let beyond = table.claim(until: 0)
        #expect(beyond == nil)
    }

    @Test func streamsAreFoundByTheirPorts() throws {
        var table = VsockTable()
        var found: [VsockPorts: Int] = [:]
        for guest in [10, 10, 11, 10] as [UInt32] {
            let slot = try claim(&table)
            let ports = table.chooseHostPort(for: guest)
            table.start(VsockStream(asking: ports, room: 1, now: 0), in: slot)
            found[ports] = slot
        }
        #expect(found.count == 4)
        for (ports, slot) in found { #expect(table.slot(of: ports) == slot) }
        let (ports, slot) = try #require(found.first)
        table.linger(slot)
        #expect(table.slot(of: ports) == nil && table[slot] == nil && table.count == 4)
        #expect(table.use(of: slot) == .lingering)
        table.release(slot)
        table.release(slot)
        #expect(table.count == 3)
    }

    @Test func hostPortsStayInTheirRange() {
        var table = VsockTable()
        for _ in 0..<100 {
            let ports = table.chooseHostPort(for: 1)
            #expect(VsockTable.hostPorts.contains(ports.host))
        }
    }

    @Test func turnsGoRound() throws {
        var table = VsockTable()
        let slots = try (0..<3).map { _ in try claim(&table) }
        for slot in slots { table.enqueue(slot) }
        table.enqueue(slots[0])
        var order: [Int] = []
        for _ in 0..<7 {
            let next = table.dequeue()
            let slot = try #require(next)
            order.append(slot)
            table.enqueue(slot)
        }
        #expect(order == [0, 1, 2, 0, 1, 2, 0].map { slots[$0] })
    }

    @Test func eventsOfAnEarlierUseAreRecognised() throws {
        var table = VsockTable()
        let slot = try claim(&table)
        let tag = table.tag(of: slot)
        #expect(table.slot(tagged: tag) == slot)
        table.release(slot)
        #expect(table.slot(tagged: tag) == nil)
        let again = try claim(&table)
        #expect(again == slot)
        #expect(table.slot(tagged: tag) == nil)
        #expect(table.slot(tagged: .max) == nil)
    }

    @Test func refusalsAreKeptInOrderUpToALimit() {
        var resets = VsockResets()
        for port in 0..<128 as Range<UInt32> {
            let added = resets.append(.reset(VsockPorts(guest: port, host: 1), guestContext: 3))
            #expect(added)
        }
        let beyond = resets.append(.reset(VsockPorts(guest: 200, host: 1), guestContext: 3))
        #expect(!beyond && !resets.hasRoom)
        for port in 0..<128 as Range<UInt32> {
            let next = resets.popFirst()
            #expect(next?.destinationPort == port)
        }
        let last = resets.popFirst()
        #expect(last == nil)
    }

    @Test(
        arguments: [
            ("CONNECT 52\n", .complete(port: 52, length: 11)), ("CONNECT 52\nrest", .complete(port: 52, length: 11)),
            ("CONNECT 4294967295\n", .complete(port: .max, length: 19)), ("CONNECT 4294967296\n", .malformed),
            ("", .incomplete), ("CONN", .incomplete), ("CONNECT 5", .incomplete), ("CONNECT \n", .malformed),
            ("connect 5\n", .malformed), ("CONNECT 5 \n", .malformed), ("CONNECT -5\n", .malformed),
            ("CONNECT 00000000000", .malformed), ("CONNECT 0000000000", .incomplete), ("GET / HTTP", .malformed),
        ] as [(String, VsockGreeting)])
    func clientsSayWhichPortTheyWant(text: String, expected: VsockGreeting) {
        #expect(VsockGreeting(Array(text.utf8).span) == expected)
    }
}
