internal import Linux

extension InterfaceConfiguration {
    /// Configures the interface in the calling process's network namespace.
    func apply() throws(RuntimeError) {
        var prefixes: [IPv4Prefix] = []
        for address in addresses {
            guard let prefix = IPv4Prefix(address) else {
                throw .invalid("the address \(address) of \(name) is not like 172.17.0.2/16")
            }
            prefixes.append(prefix)
        }
        let hardware = try hardwareAddress.map { text throws(RuntimeError) in
            guard let address = HardwareAddress(text) else {
                throw .invalid("the hardware address \(text) of \(name) is not like 02:42:ac:11:00:02")
            }
            return address
        }
        let router = try gateway.map { text throws(RuntimeError) in
            guard let address = IPv4Address(text) else {
                throw .invalid("the gateway \(text) of \(name) is no IPv4 address")
            }
            return address
        }
        try step("configure the interface \(name)") { () throws(SystemError) in
            var socket = try NetlinkSocket()
            try socket.configureInterface(
                name: name, hardwareAddress: hardware, addresses: prefixes,
                mtu: mtu.flatMap { UInt32(exactly: $0) }, gateway: router)
        }
    }
}
