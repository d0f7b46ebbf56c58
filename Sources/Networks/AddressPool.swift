internal import Linux

/// Which addresses of one network are in use: the lowest free one is given out.
struct AddressPool {
    let network: IPv4Prefix
    private var used: Set<IPv4Address>
    /// No address below this one is free.
    private var lowest: UInt32

    /// All but the network's own address, its broadcast address and the gateway.
    init(_ gateway: IPv4Prefix) {
        network = gateway
        used = [gateway.address]
        lowest = gateway.network.value &+ 1
    }

    /// The lowest free address that `isUsable` accepts, now in use; nil if there is none.
    mutating func take(where isUsable: (IPv4Address) -> Bool) -> IPv4Address? {
        var passed = false
        for value in lowest..<max(lowest, network.broadcast.value) {
            let address = IPv4Address(value: value)
            if used.contains(address) { continue }
            if !passed { lowest = value }
            passed = true
            if isUsable(address) {
                used.insert(address)
                return address
            }
        }
        return nil
    }

    /// Takes a certain address; false if it is in use or not in the network.
    mutating func take(_ address: IPv4Address) -> Bool {
        guard network.contains(address), address != network.network, address != network.broadcast else { return false }
        return used.insert(address).inserted
    }

    /// Gives an address back.
    mutating func give(_ address: IPv4Address) {
        used.remove(address)
        lowest = min(lowest, address.value)
    }

    /// How many addresses are in use, the gateway's included.
    var count: Int { used.count }
}
