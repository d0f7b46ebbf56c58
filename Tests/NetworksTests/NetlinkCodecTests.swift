import Testing

@testable import Linux

@Suite("The routing socket's messages")
struct NetlinkCodecTests {
    @Test func attributesArePadded() {
        var message = NetlinkMessage(16, flags: 4, operation: "", object: "")
        message.append(3, "eth0")
        message.nest(18) { $0.append(1, number: UInt8(7)) }
        let bytes = message.encoded(sequence: 9)
        #expect(
            bytes == [
                40, 0, 0, 0, 16, 0, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0,
                9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0,
                12, 0, 18, 0, 5, 0, 1, 0, 7, 0, 0, 0,
            ])
    }

    @Test func messageReadsBack() throws {
        var message = NetlinkMessage(16, flags: 0, operation: "", object: "")
        message.appendLinkHeader(index: 5, up: true)
        message.append(LinkAttribute.name, "veth1")
        message.append(LinkAttribute.address, [2, 0x42, 1, 2, 3, 4])
        message.append(LinkAttribute.master, number: UInt32(3))
        message.nest(LinkAttribute.information) { $0.append(LinkAttribute.kind, "veth") }
        let reply = try #require(NetlinkReply.split(message.encoded(sequence: 1))?.first)
        let link = try #require(NetlinkLink(reply))
        #expect(link.index == 5 && link.name == "veth1" && link.isUp && link.master == 3 && link.kind == "veth")
        #expect(link.hardwareAddress?.description == "02:42:01:02:03:04")
    }

    @Test func lengthsBeyondTheDatagramAreNotFollowed() throws {
        var message = NetlinkMessage(16, flags: 0, operation: "", object: "")
        message.appendLinkHeader(index: 5)
        message.append(LinkAttribute.name, "veth1")
        let whole = message.encoded(sequence: 1)
        for length in 0..<whole.count {
            let replies = NetlinkReply.split(Array(whole.prefix(length)))
            #expect(replies == nil || replies?.isEmpty == true)
        }
        var wrong = whole
        wrong[32] = 0xff
        let reply = try #require(NetlinkReply.split(wrong)?.first)
        #expect(NetlinkLink(reply) == nil)
        wrong = whole
        wrong[0] = 4
        #expect(NetlinkReply.split(wrong) == nil)
    }
}
