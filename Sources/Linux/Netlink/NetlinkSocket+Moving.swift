internal import Glibc

/// An interface that has been moved into another network namespace, and what it was before.
public struct MovedLink: Sendable {
    /// As it was.
    let before: NetlinkLink
    /// Its permanent addresses of global scope.
    let addresses: [NetlinkAddress]
    /// Its number in the namespace that it is in now.
    let index: Int32
    /// Its name before.
    public var name: String { before.name }
}

extension NetlinkSocket {
    /// A socket that belongs to another network namespace. The calling thread's own is the same afterwards.
    public static func inNamespace(_ namespace: borrowing Descriptor) throws(SystemError) -> NetlinkSocket {
        let own = try Descriptor.open("/proc/thread-self/ns/net")
        try Namespaces.join(namespace.rawValue, .network)
        let socket: NetlinkSocket
        do { socket = try NetlinkSocket() } catch {
            try Namespaces.join(own.rawValue, .network)
            throw error
        }
        try Namespaces.join(own.rawValue, .network)
        return socket
    }

    /// Moves an interface of this socket's namespace into another one, with its permanent addresses of global scope, and
    /// brings it up there. Where that fails it is brought back.
    ///
    /// - Parameters:
    ///   - name: The interface.
    ///   - newName: What it is called there; `%d` stands for the first number that makes a name that is free.
    ///   - namespace: The other namespace; `target` is a socket of it.
    ///   - home: This socket's own namespace.
    public mutating func move(
        _ name: String, as newName: String, to namespace: borrowing Descriptor, _ target: inout NetlinkSocket,
        home: borrowing Descriptor
    ) throws(SystemError) -> MovedLink {
        guard let link = try link(named: name) else { throw SystemError("find the interface", name, code: ENODEV) }
        // The kernel renames after the move: it would be there under its old name where the new one is taken.
        if !newName.contains("%"), try target.link(named: newName) != nil {
            throw SystemError("move the interface \(name): the other namespace has one named", newName, code: EEXIST)
        }
        let addresses = try addresses(of: link.index).filter { $0.isPermanentAndGlobal }
        // A name that nobody has, by which it is found over there: what %d becomes is the kernel's choice.
        let passing = "bh" + String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        var request = NetlinkMessage.link(
            NetlinkType.newLink, operation: "move the interface", index: link.index, name: name)
        request.append(LinkAttribute.name, passing)
        request.append(LinkAttribute.namespaceDescriptor, number: namespace.rawValue)
        try perform([request])
        guard let found = try target.link(named: passing) else {
            throw SystemError("find the interface \(name) after its move as", passing, code: ENODEV)
        }
        let moved = MovedLink(before: link, addresses: addresses, index: found.index)
        do {
            try target.settle(moved, as: newName)
        } catch {
            do { try bringBack(moved, from: &target, home: home) } catch let second {
                throw SystemError("\(error); and bring it back: \(second); it is the interface", name, code: error.code)
            }
            throw error
        }
        return moved
    }

    /// Gives an interface that has come its name and addresses, and brings it up.
    private mutating func settle(_ moved: MovedLink, as name: String) throws(SystemError) {
        var rename = NetlinkMessage.link(
            NetlinkType.newLink, operation: "rename the interface \(moved.name) to", index: moved.index, name: name)
        rename.append(LinkAttribute.name, name)
        let up = NetlinkMessage.link(
            NetlinkType.newLink, operation: "bring up the interface", index: moved.index, name: name, up: true)
        try perform([rename] + moved.addresses.map { $0.adding(to: moved.index) } + [up])
    }

    /// Brings an interface back into this socket's namespace: with its name and addresses, up and in the bridge where it
    /// was. Routes that somebody had added by hand are gone, for the kernel drops them when it leaves.
    public mutating func bringBack(
        _ moved: MovedLink, from target: inout NetlinkSocket, home: borrowing Descriptor
    ) throws(SystemError) {
        let before = moved.before
        var request = NetlinkMessage.link(
            NetlinkType.newLink, operation: "bring back the interface", index: moved.index, name: before.name)
        request.append(LinkAttribute.name, before.name)
        request.append(LinkAttribute.namespaceDescriptor, number: home.rawValue)
        try target.perform([request])
        guard let link = try link(named: before.name) else {
            throw SystemError("find the interface", before.name, code: ENODEV)
        }
        var batch = moved.addresses.map { $0.adding(to: link.index) }
        if let master = before.master {
            var port = NetlinkMessage.link(
                NetlinkType.newLink, operation: "put into its bridge the interface", index: link.index,
                name: before.name)
            port.append(LinkAttribute.master, number: master)
            batch.append(port)
        }
        if before.isUp {
            batch.append(
                .link(
                    NetlinkType.newLink, operation: "bring up the interface", index: link.index, name: before.name,
                    up: true))
        }
        if !batch.isEmpty { try perform(batch) }
    }
}
