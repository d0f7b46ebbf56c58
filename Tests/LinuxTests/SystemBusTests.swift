import Testing

@testable import Linux

@Suite("messages of D-Bus")
struct SystemBusTests {
    private func bytes(_ value: BusValue) -> [UInt8] {
        var writer = BusWriter()
        writer.append(value)
        return writer.bytes
    }

    @Test func valuesAsTheSpecificationWritesThem() {
        #expect(bytes(.string("foo")) == [3, 0, 0, 0, 0x66, 0x6F, 0x6F, 0])
        #expect(bytes(.signature("a(sv)")) == [5, 0x61, 0x28, 0x73, 0x76, 0x29, 0])
        #expect(bytes(.bool(true)) == [1, 0, 0, 0])
        #expect(bytes(.variant(.unsigned32(5))) == [1, 0x75, 0, 0, 5, 0, 0, 0])
        // The specification's own example: an array of one 64-bit number, with the padding that does not count.
        #expect(bytes(.array(of: "x", [.unsigned64(5)])) == [8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.array(of: "(sv)", [])) == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.array(of: "y", [.byte(3), .byte(1)])) == [2, 0, 0, 0, 3, 1])
    }

    @Test func typesAlign() {
        let value = BusValue.structure([.byte(1), .unsigned32(2), .byte(3), .unsigned64(4)])
        #expect(value.type == "(yuyt)")
        #expect(
            bytes(value) == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func helloOnTheWire() {
        var message = BusMessage(.call, serial: 1)
        message.path = "/org/freedesktop/DBus"
        message.member = "Hello"
        message.destination = "org.freedesktop.DBus"
        var expected: [UInt8] = [0x6C, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0x4D, 0, 0, 0]
        expected += [1, 1, 0x6F, 0, 21, 0, 0, 0] + Array("/org/freedesktop/DBus".utf8) + [0, 0, 0]
        expected += [3, 1, 0x73, 0, 5, 0, 0, 0] + Array("Hello".utf8) + [0, 0, 0]
        expected += [6, 1, 0x73, 0, 20, 0, 0, 0] + Array("org.freedesktop.DBus".utf8) + [0, 0, 0, 0]
        #expect(message.bytes == expected)
    }

    @Test func whatIsWrittenCanBeRead() throws {
        var message = BusMessage(.signal, serial: 7)
        message.path = "/org/freedesktop/systemd1"
        message.interface = "org.freedesktop.systemd1.Manager"
        message.member = "JobRemoved"
        message.body = [
            .unsigned32(9), .objectPath("/job/9"), .string("a.scope"), .string("done"),
            .array(of: "(sv)", [.structure([.string("TasksMax"), .variant(.unsigned64(.max))])]),
            .array(of: "(sa(sv))", []), .array(of: "y", [.byte(255)]), .bool(false),
        ]
        let bytes = message.bytes
        #expect(try BusMessage.length(bytes) == bytes.count)
        #expect(try BusMessage(bytes) == message)
    }

    @Test func aDamagedMessageIsAnErrorAndNeverMore() throws {
        var message = BusMessage(.answer, serial: 7)
        message.answersTo = 3
        message.body = [.array(of: "(sv)", [.structure([.string("a"), .variant(.string("b"))])]), .objectPath("/x")]
        let bytes = message.bytes
        for place in bytes.indices {
            for value in [0, 1, 0x28, 0x61, 0x76, 0x7F, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[place] = value
                // Whether it still can be read is not the question.
                _ = try? BusMessage(damaged)
                _ = try? BusMessage(Array(damaged.prefix(place)))
                _ = try? BusMessage.length(damaged)
            }
        }
        #expect(throws: SystemError.self) { try BusMessage(Array(bytes.prefix(20))) }
    }

    @Test func quotasAndSetsOfProcessors() {
        #expect(CgroupLimits.quotaPerSecond(50_000, period: 100_000) == 500_000)
        #expect(CgroupLimits.quotaPerSecond(33_333, period: 100_000) == 340_000)
        #expect(CgroupLimits.quotaPerSecond(-1, period: 100_000) == .max)
        #expect(CgroupLimits.bits("0-3,9") == [0x0F, 0x02])
        #expect(CgroupLimits.bits("0") == [1])
        #expect(CgroupLimits.bits("3-1") == nil)
        #expect(CgroupLimits.bits("a") == nil)
    }

    @Test func devicesForSystemd() {
        let rules = [
            CgroupDeviceRule(allow: true, kind: .all, major: nil, minor: nil, access: "rwm"),
            CgroupDeviceRule(allow: false, kind: .all, major: nil, minor: nil, access: "rwm"),
            CgroupDeviceRule(allow: true, kind: .character, major: nil, minor: nil, access: "m"),
            CgroupDeviceRule(allow: true, kind: .block, major: 8, minor: 1, access: "r"),
        ]
        let properties = SystemdScope.deviceProperties(rules)
        #expect(properties.map(\.0) == ["DevicePolicy", "DeviceAllow"])
        #expect(
            properties[1].1
                == .array(
                    of: "(ss)",
                    [
                        .structure([.string("char-*"), .string("m")]),
                        .structure([.string("/dev/block/8:1"), .string("r")]),
                    ]))
        let all = SystemdScope.deviceProperties([rules[0]])
        #expect(all.count == 1 && all[0].1 == .string("auto"))
        let lines = ["Character devices:", "  1 mem", "136 pts", "", "Block devices:", "  8 sd"]
        #expect(SystemdScope.driver("char", 136, lines) == "pts")
        #expect(SystemdScope.driver("block", 1, lines) == nil)
    }
}
