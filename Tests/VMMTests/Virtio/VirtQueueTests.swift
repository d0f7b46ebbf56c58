import Testing

@testable import VMM

/// What a queue gives to its device and says to its driver, and what it refuses.
@Suite struct VirtQueueTests {
    /// The device's side of a queue.
    private final class Device {
        private var queue: VirtQueue
        var chain: DescriptorChain

        init(_ driver: SimulatedQueue, features: UInt64? = nil, capacity: Int = DescriptorChain.longest) throws {
            queue = try VirtQueue(
                driver.layout, features: features ?? driver.features, memory: driver.memory.memory)
            chain = DescriptorChain(capacity: capacity)
        }

        var broken: Bool { queue.broken }
        /// The next request's head.
        func next() throws(VirtioError) -> UInt16? { try queue.next(into: &chain) ? chain.head : nil }
        func putBack(_ count: UInt16) { queue.putBack(count) }
        func complete(_ head: UInt16, written: Int = 0) { queue.complete(head, written: written) }
        func publish() -> Bool { queue.publish() }
        func enableNotifications() -> Bool { queue.enableNotifications() }
        func disableNotifications() { queue.disableNotifications() }
    }

    @Test(arguments: [false, true])
    func requestIsReadAndWrittenAcrossSegments(indirect: Bool) throws {
        let memory = SimulatedMemory(high: 8192)
        let driver = SimulatedQueue(memory)
        let queue = try Device(driver)
        #expect(try queue.next() == nil)

        let first = memory.place([1, 2, 3])
        let second = memory.place([4, 5, 6, 7, 8])
        let third = memory.allocate(6)
        let head = driver.add(
            [
                .init(address: first, count: 3), .init(address: second, count: 5),
                .init(address: third, count: 6, writable: true),
                .init(address: GuestMemory.highStart + 4096, count: 4096, writable: true),
            ], indirect: indirect)
        #expect(try queue.next() == head)
        var counts = (queue.chain.readable.bytes, queue.chain.writable.bytes)
        #expect(counts == (8, 4102))
        var value = queue.chain.readable.load(UInt32.self, at: 1)
        #expect(value == 0x0504_0302)
        value = queue.chain.readable.take()
        #expect(value == 0x0403_0201)
        value = queue.chain.readable.take()
        #expect(value == 0x0807_0605)
        value = queue.chain.readable.take()
        #expect(value == nil)

        var stored = queue.chain.writable.store(UInt64(0x1122_3344_5566_7788), at: 2)
        #expect(stored)
        #expect(memory.read(third, 6) == [0, 0, 0x88, 0x77, 0x66, 0x55])
        #expect(memory.read(GuestMemory.highStart + 4096, 5) == [0x44, 0x33, 0x22, 0x11, 0])
        stored = queue.chain.writable.store(UInt64(1), at: 4095)
        #expect(!stored)
        let dropped = queue.chain.writable.drop(first: 7)
        let kept = queue.chain.writable.keep(first: 2)
        #expect(dropped && kept)
        counts = (queue.chain.writable.count, queue.chain.writable.bytes)
        #expect(counts == (1, 2))
        #expect(queue.chain.writable[0].count == 2 && queue.chain.writable[0][0] == 0x33)

        queue.complete(head, written: 10)
        #expect(driver.takeUsed().isEmpty, "not published yet")
        #expect(queue.publish())
        #expect(driver.takeUsed() == [.init(head: head, written: 10)])
        #expect(try queue.next() == nil)
    }

    @Test func everyRequestArrivesOnceAcrossTheIndexsWrap() throws {
        let memory = SimulatedMemory()
        let driver = SimulatedQueue(memory, size: 8)
        let queue = try Device(driver)
        let place = memory.allocate(8)
        for round in 0..<20_000 {
            // Five at a time: 100 000 requests go round the ring's 16-bit index.
            let heads = (0..<5).map { _ in driver.add([.init(address: place, count: 8, writable: true)]) }
            for head in heads {
                guard try queue.next() == head else {
                    Issue.record("round \(round): request \(head) did not come")
                    return
                }
                queue.complete(head, written: round & 7)
            }
            _ = queue.publish()
            guard driver.takeUsed().map(\.head) == heads else {
                Issue.record("round \(round): not given back in order")
                return
            }
        }
        #expect(try queue.next() == nil)
    }

    @Test func requestsThatWerePutBackComeAgain() throws {
        let memory = SimulatedMemory()
        let driver = SimulatedQueue(memory)
        let queue = try Device(driver)
        let heads = (0..<3).map { _ in driver.add([.init(address: 4096, count: 1)]) }
        #expect(try queue.next() == heads[0] && queue.next() == heads[1])
        queue.putBack(2)
        for head in heads {
            #expect(try queue.next() == head)
        }
        #expect(try queue.next() == nil)
    }

    // MARK: Interrupts and notifications

    @Test func interruptsOnlyWhenTheDriversEventIsPassed() throws {
        let memory = SimulatedMemory()
        let driver = SimulatedQueue(memory)
        let queue = try Device(driver)
        driver.setUsedEvent(2)
        var wanted: [Bool] = []
        for _ in 0..<5 {
            queue.complete(0)
            wanted.append(queue.publish())
        }
        #expect(wanted == [false, false, true, false, false])
        #expect(!queue.publish(), "nothing new")
        driver.setUsedEvent(6)
        for _ in 0..<3 { queue.complete(0) }
        #expect(queue.publish(), "5 to 8 passes 6")
    }

    @Test func interruptsUnlessTheFlagSaysNoWithoutEventIndex() throws {
        let memory = SimulatedMemory()
        let driver = SimulatedQueue(memory, eventIndex: false)
        let queue = try Device(driver)
        queue.complete(0)
        #expect(queue.publish())
        driver.setFlags(1)
        queue.complete(0)
        #expect(!queue.publish())
    }

    @Test(arguments: [false, true])
    func notificationsAreAskedForAndRequestsInBetweenAreSeen(eventIndex: Bool) throws {
        let memory = SimulatedMemory()
        let driver = SimulatedQueue(memory, eventIndex: eventIndex)
        let queue = try Device(driver)
        #expect(!queue.enableNotifications())
        driver.add([.init(address: 4096, count: 1)])
        #expect(driver.wantsNotification())
        queue.disableNotifications()
        #expect(try queue.next() != nil)
        driver.add([.init(address: 4096, count: 1)])
        #expect(!driver.wantsNotification())
        #expect(queue.enableNotifications(), "one came without a notification")
        #expect(try queue.next() != nil)
        #expect(!queue.enableNotifications())
    }

    // MARK: Hostile drivers

    @Test(
        arguments: [
            (.init(size: 0, descriptors: 4096, available: 8192, used: 12288), "0 descriptors"),
            (.init(size: 24, descriptors: 4096, available: 8192, used: 12288), "24 descriptors"),
            (.init(size: 65535, descriptors: 4096, available: 8192, used: 12288), "65535 descriptors"),
            (
                .init(size: 16, descriptors: 4104, available: 8192, used: 12288),
                "descriptor table at 0x1008: not aligned"
            ),
            (.init(size: 16, descriptors: 4096, available: 8193, used: 12288), "available ring at 0x2001: not aligned"),
            (.init(size: 16, descriptors: 4096, available: 8192, used: 12290), "used ring at 0x3002: not aligned"),
            (.init(size: 16, descriptors: 65536 - 240, available: 8192, used: 12288), "descriptor table at 0xff10"),
            (.init(size: 16, descriptors: 4096, available: 65536 - 36, used: 12288), "available ring at 0xffdc"),
            (.init(size: 16, descriptors: 4096, available: 8192, used: .max - 3), "used ring at 0xfffffffffffffffc"),
            (.init(size: 16, descriptors: .max - 15, available: 8192, used: 12288), "descriptor table at"),
        ] as [(VirtQueueLayout, String)])
    func layoutThatIsWrongIsRefused(layout: VirtQueueLayout, reason: String) throws {
        let memory = SimulatedMemory(count: 65536)
        do {
            _ = try VirtQueue(layout, features: VirtioFeature.version1, memory: memory.memory)
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains(reason), "\(error)")
        }
    }

    /// A descriptor table that breaks a rule, and what is said of it.
    struct Attack: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var table: [VirtDescriptor]
        var reason: String
        var head: UInt16 = 0
        /// Descriptors at address 0x8000.
        var indirect: [VirtDescriptor] = []
        var agreed = true
    }

    private static func d(_ address: UInt64, _ count: UInt32, _ flags: UInt16 = 0, _ next: UInt16 = 0) -> VirtDescriptor
    {
        VirtDescriptor(address: address, count: count, flags: flags, next: next)
    }

    static let attacks: [Attack] = [
        .init(testDescription: "beyond the end", table: [d(65536, 1)], reason: "are not memory"),
        .init(testDescription: "over the end", table: [d(65535, 2)], reason: "are not memory"),
        .init(testDescription: "wraps around", table: [d(.max, 2)], reason: "are not memory"),
        .init(testDescription: "4 GiB from 1", table: [d(1, .max)], reason: "are not memory"),
        .init(testDescription: "no bytes", table: [d(4096, 0)], reason: "are not memory"),
        .init(testDescription: "next is itself", table: [d(4096, 1, 1, 0)], reason: "loop"),
        .init(testDescription: "a ring", table: [d(4096, 1, 1, 1), d(4096, 1, 1, 0)], reason: "loop"),
        .init(testDescription: "no such head", table: [], reason: "no descriptor 8 of 8", head: 8),
        .init(testDescription: "no such next", table: [d(4096, 1, 1, 65535)], reason: "no descriptor 65535"),
        .init(
            testDescription: "readable behind writable", table: [d(4096, 1, 3, 1), d(4096, 1)],
            reason: "readable segment behind"),
        .init(
            testDescription: "indirect not agreed", table: [d(0x8000, 16, 4)], reason: "not agreed",
            indirect: [d(4096, 1)], agreed: false),
        .init(
            testDescription: "indirect with next", table: [d(0x8000, 16, 5, 1), d(4096, 1)],
            reason: "has a next one", indirect: [d(4096, 1)]),
        .init(testDescription: "indirect of no bytes", table: [d(0x8000, 0, 4)], reason: "table of 0 bytes"),
        .init(testDescription: "indirect of 17 bytes", table: [d(0x8000, 17, 4)], reason: "table of 17 bytes"),
        .init(testDescription: "indirect elsewhere", table: [d(65536 - 16, 32, 4)], reason: "is not memory"),
        .init(
            testDescription: "indirect in indirect", table: [d(0x8000, 16, 4)], reason: "in an indirect table",
            indirect: [d(0x8000, 16, 4)]),
        .init(
            testDescription: "indirect next outside", table: [d(0x8000, 32, 4)],
            reason: "no indirect descriptor 7 of 2",
            indirect: [d(4096, 1, 1, 7), d(4096, 1)]),
        .init(
            testDescription: "indirect loop", table: [d(0x8000, 16, 4)], reason: "loop", indirect: [d(4096, 1, 1, 0)]),
        .init(
            testDescription: "too many segments", table: [d(0x8000, 16 * 10, 4)], reason: "more than 9 segments",
            indirect: (1...10).map { d(4096, 1, $0 < 10 ? 1 : 0, $0) }),
    ]

    @Test(arguments: attacks)
    func chainThatBreaksTheRulesIsRefused(attack: Attack) throws {
        let memory = SimulatedMemory(count: 65536)
        let driver = SimulatedQueue(memory, size: 8)
        let queue = try Device(driver, features: attack.agreed ? nil : VirtioFeature.version1, capacity: 9)
        for (index, descriptor) in attack.table.enumerated() { driver.write(descriptor, number: UInt16(index)) }
        for (index, descriptor) in attack.indirect.enumerated() {
            memory.write(descriptor, at: 0x8000 + 16 * UInt64(index))
        }
        driver.offer(attack.head)
        do {
            _ = try queue.next()
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains(attack.reason), "\(error)")
        }
        #expect(queue.broken)
        driver.add([.init(address: 4096, count: 1)])
        #expect(try queue.next() == nil, "a broken queue gives nothing more")
    }

    @Test func moreThan4GiBInTotalAreRefused() throws {
        // The same 8 MiB again and again.
        let memory = SimulatedMemory(count: 8 << 20)
        let driver = SimulatedQueue(memory, size: 8)
        let queue = try Device(driver)
        let table = memory.allocate(16 * 513)
        for index in 0..<513 {
            let next = Self.d(0, 8 << 20, index < 512 ? 1 : 0, UInt16(index + 1))
            memory.write(next, at: table + 16 * UInt64(index))
        }
        memory.write(Self.d(0, 8 << 20), at: table + 16 * 511)
        driver.write(Self.d(table, 16 * 512, 4), number: 0)
        driver.offer(0)
        #expect(try queue.next() == 0, "4 GiB are just allowed")
        #expect(queue.chain.readable.bytes == 4 << 30)
        memory.write(Self.d(0, 8 << 20, 1, 512), at: table + 16 * 511)
        driver.write(Self.d(table, 16 * 513, 4), number: 0)
        driver.offer(0)
        #expect(throws: VirtioError.self) { _ = try queue.next() }
    }

    @Test func availableIndexThatJumpsIsRefused() throws {
        let driver = SimulatedQueue(SimulatedMemory(), size: 8)
        let queue = try Device(driver)
        driver.setAvailableIndex(9)
        #expect(throws: VirtioError.self) { _ = try queue.next() }
        #expect(queue.broken)
    }
}
