import Foundation
import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// A block read, a packet and a message of vsock allocate nothing on the device's thread, not even for a moment: that
/// leaves nothing on the heap, either.
@Suite(.serialized, .blocking) struct AllocationTests {
    /// Runs the tests below in a process that counts, as itself it can't begin to.
    @Test(.enabled(if: !AllocationCounter.isHere, "this process counts: it does what is below"))
    func aProcessThatCountsFindsNone() throws {
        try withTestResources { resources in
            let library = "\(resources.directory)/counter.so"
            let gcc = try Command.run(
                "/usr/bin/gcc",
                [
                    "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-shared", "-fPIC", "-o", library,
                    "\(Files.parent(of: #filePath))/counter.c",
                ], in: resources)
            try #require(gcc.code == 0, "\(gcc.error)")
            let tests = try Command.run(
                "/usr/bin/env",
                [
                    "LD_PRELOAD=\(library)", try Program.path(), "--testing-library", "swift-testing", "--filter",
                    "^VMMTests\\.AllocationTests",
                ], in: resources)
            #expect(tests.code == 0, "\(tests.output.suffix(4000))\(tests.error.suffix(4000))")
            let told = tests.output + tests.error
            #expect(told.contains("counted: read") && told.contains("counted: message"), "\(told.suffix(2000))")
        }
    }

    @Test(.enabled(if: AllocationCounter.isHere, "this process does not count"))
    func aBlockReadAllocatesNothing() throws {
        let image = try BlockDeviceTests.Image(sectors: 64)
        let device = BlockDevice(
            try BlockFile(Descriptor.open(image.path), readOnly: true), serial: "x",
            threads: [try IOThread("counted-block")])
        let driver = SimulatedDriver(device)
        try driver.activate()
        let (queue, memory) = (driver.queues[0], driver.memory)
        let segments: [SimulatedQueue.Segment] = [
            .init(address: memory.place(BlockDeviceTests.header(0, sector: 3)), count: 16),
            .init(address: memory.allocate(4096), count: 4096, writable: true),
            .init(address: memory.allocate(1), count: 1, writable: true),
        ]
        func reads(_ number: Int) {
            for _ in 0..<number {
                queue.add(segments)
                driver.notify(0)
                #expect(driver.used(0).count == 1)
            }
        }
        reads(100)
        let allocations = AllocationCounter.fewest { reads(1000) }
        print("counted: read \(allocations ?? .max)")
        #expect(allocations == 0)
    }

    @Test(.enabled(if: AllocationCounter.isHere && geteuid() == 0, "this process does not count, or has no taps"))
    func aPacketAllocatesNothing() throws {
        let network = try TestNetwork()
        let device = try NetDevice(
            taps: network.taps, hardwareAddress: HardwareAddress(for: IPv4Address(value: 0x0A4D_0002)),
            threads: [try IOThread("counted-net")])
        let guest = try NetGuest(device)
        let frame = NetSteadyStateTests.datagram(network, [1, 2, 3])
        func roundTrips(_ count: Int) throws {
            for _ in 0..<count {
                guest.send(NetHeader(), frame)
                #expect(network.nextDatagram() == [1, 2, 3])
                try network.sendDatagram([4, 5, 6])
                #expect(guest.next() != nil)
            }
        }
        try roundTrips(100)
        let allocations = try AllocationCounter.fewest { try roundTrips(1000) }
        print("counted: packet \(allocations ?? .max)")
        #expect(allocations == 0)
    }

    @Test(.enabled(if: AllocationCounter.isHere, "this process does not count"))
    func aMessageAllocatesNothing() throws {
        let host = try VsockHost(thread: "counted-vsock")
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        let ping = [UInt8](repeating: 1, count: 100)
        func roundTrips(_ count: Int) throws {
            for _ in 0..<count {
                guest.send(.data, client.ports, ping)
                #expect(try client.read(exactly: 100).count == 100)
                try client.writeAll(ping)
                while try #require(guest.next()).operation != .data {}
            }
        }
        try roundTrips(100)
        let allocations = try AllocationCounter.fewest { try roundTrips(1000) }
        print("counted: message \(allocations ?? .max)")
        #expect(allocations == 0)
    }
}
