internal import CLinux
internal import Glibc

extension NetlinkSocket {
    /// Brings the loopback interface of the socket's namespace up. It always has the number 1.
    public mutating func bringLoopbackUp() throws(SystemError) {
        try perform([.link(NetlinkType.newLink, operation: "bring up the interface", index: 1, name: "lo", up: true)])
    }

    /// Configures an interface of the socket's namespace from inside: name, largest packet, addresses, up, and the
    /// default route. Two calls of the kernel.
    ///
    /// - Parameters:
    ///   - name: What it is called afterwards.
    ///   - hardwareAddress: By which it is found where it is there under another name; nil to find it by its name.
    ///   - addresses: Its addresses.
    ///   - mtu: The largest packet, or nil to leave it.
    ///   - gateway: Where the default route leads, or nil for none.
    public mutating func configureInterface(
        name: String, hardwareAddress: HardwareAddress? = nil, addresses: [IPv4Prefix], mtu: UInt32? = nil,
        gateway: IPv4Address? = nil
    ) throws(SystemError) {
        let link = try interface(named: name, hardwareAddress)
        var set = NetlinkMessage.link(
            NetlinkType.newLink, operation: "configure the interface", index: link.index, name: name, up: true)
        if link.name != name { set.append(LinkAttribute.name, name) }
        if let mtu, mtu != link.mtu { set.append(LinkAttribute.mtu, number: mtu) }
        var batch: [NetlinkMessage] = [.withoutLinkLocalAddress(index: link.index, name: name), set]
        for address in addresses { batch.append(.addAddress(address, to: link.index)) }
        if let gateway { batch.append(.addDefaultRoute(gateway: gateway, through: link.index)) }
        try perform(batch)
        guard let found = link.hardwareAddress else { return }
        for address in addresses where found != HardwareAddress(for: address.address) {
            announce(address.address, found, link.index)
        }
    }

    /// Tells the neighbours at once: the address may have been another container's a moment ago, with another hardware
    /// address. Where that is the one that goes with the address what they know stays right, and there is nothing to
    /// tell: the kernel takes milliseconds to close a packet socket.
    private func announce(_ address: IPv4Address, _ hardwareAddress: HardwareAddress, _ index: Int32) {
        // unsafe because the addresses are passed as pointers, which live for the call
        _ = unsafe bh_arp_announce(index, hardwareAddress.bytes, address.bytes)
    }

    private mutating func interface(
        named name: String, _ address: HardwareAddress?
    ) throws(SystemError) -> NetlinkLink {
        if let link = try link(named: name), address == nil || link.hardwareAddress == address { return link }
        if let address, let link = try link(with: address) { return link }
        throw SystemError("find the interface", address.map { "\(name) (\($0))" } ?? name, code: ENODEV)
    }
}
