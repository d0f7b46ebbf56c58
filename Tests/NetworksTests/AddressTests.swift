import Linux
import Testing

@testable import Networks

@Suite("Addresses and who gets which")
struct AddressTests {
    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4"])
    func malformedAddressIsRefused(_ text: String) {
        #expect(IPv4Address(text) == nil)
        #expect(IPv4Prefix(text + "/8") == nil)
    }

    @Test func prefixKnowsItsNetwork() throws {
        let prefix = try #require(IPv4Prefix("172.17.0.1/16"))
        #expect(prefix.networkText == "172.17.0.0/16")
        #expect(prefix.broadcast.description == "172.17.255.255")
        #expect(prefix.overlaps(try #require(IPv4Prefix("172.17.200.0/24"))))
        #expect(!prefix.overlaps(try #require(IPv4Prefix("172.18.0.0/24"))))
        #expect(IPv4Prefix("1.2.3.4")?.length == 32)
        for wrong in ["1.2.3.4/33", "1.2.3.4/", "1.2.3.4/5/6", "1.2.3.4/ 8", "1.2.3.4/99999999999999999999", "/8"] {
            #expect(IPv4Prefix(wrong) == nil, "\(wrong)")
        }
        #expect(IPv4Prefix("0.0.0.0/0")?.overlaps(prefix) == true)
    }

    @Test func hardwareAddressGoesWithTheAddress() throws {
        let address = try #require(IPv4Address("172.17.0.2"))
        #expect(HardwareAddress(for: address).description == "02:42:ac:11:00:02")
        #expect(HardwareAddress("02-42-AC-11-00-02") == HardwareAddress(for: address))
        for wrong in [
            "", "02:42:ac:11:00", "02:42:ac:11:00:zz", "02:42:ac:11:00:02:", "024:2:ac:11:00:02", "02:42:ac:11:00:0",
        ] {
            #expect(HardwareAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test func lowestFreeAddressIsGivenOut() throws {
        var pool = AddressPool(try #require(IPv4Prefix("10.0.0.1/29")))
        let all = (0..<5).compactMap { _ in pool.take { _ in true }?.description }
        #expect(all == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"])
        #expect(pool.take { _ in true } == nil)
        pool.give(try #require(IPv4Address("10.0.0.5")))
        pool.give(try #require(IPv4Address("10.0.0.3")))
        #expect(pool.take { $0.description != "10.0.0.3" }?.description == "10.0.0.5")
        #expect(pool.take { _ in true }?.description == "10.0.0.3")
    }

    @Test func certainAddressIsTakenOnce() throws {
        var pool = AddressPool(try #require(IPv4Prefix("10.0.0.1/29")))
        let address = try #require(IPv4Address("10.0.0.4"))
        let first = pool.take(address)
        #expect(first)
        let second = pool.take(address)
        #expect(!second)
        for text in ["10.0.0.0", "10.0.0.1", "10.0.0.7", "10.0.0.8"] {
            let taken = pool.take(try #require(IPv4Address(text)))
            #expect(!taken, "\(text)")
        }
    }

    @Test func firstFreeDefaultPoolIsChosen() throws {
        #expect(DefaultPools.firstFree(besides: [])?.description == "172.17.0.1/16")
        let taken = ["172.17.3.4/24", "172.18.0.1/16", "172.20.0.0/14"].compactMap { IPv4Prefix($0) }
        #expect(DefaultPools.firstFree(besides: taken)?.description == "172.19.0.1/16")
        let private172 = try #require(IPv4Prefix("172.16.0.0/12"))
        #expect(DefaultPools.firstFree(besides: [private172])?.description == "192.168.0.1/20")
        let private192 = try #require(IPv4Prefix("192.168.0.0/16"))
        #expect(DefaultPools.firstFree(besides: [private172, private192]) == nil)
    }

    @Test func namesFollowTheRoot() throws {
        #expect(BridgeConfiguration(root: "/var/lib/bulkhead").name == "bulkhead0")
        let other = BridgeConfiguration(root: "/srv/bulkhead")
        #expect(other.name.count == 11 && other.name.hasPrefix("bh-"))
        #expect(other == BridgeConfiguration(root: "/srv/bulkhead"))
        #expect(other.name != BridgeConfiguration(root: "/srv/bulkhead2").name)
        var wrong = other
        wrong.name = "a; reboot"
        #expect(throws: NetworkError.self) { try wrong.check() }
    }
}
