internal import CLinux

/// Network interfaces whose other side is a program.
public enum TapDevice {
    /// Makes one that vanishes with the descriptor; every frame has the header of virtio-net before it.
    public static func open(name: String) throws(SystemError) -> Descriptor {
        // unsafe because the name is a C string; it lives for the call
        Descriptor(adopting: try SystemError.check(unsafe bh_tap_open(name), "make the tap device", name))
    }
}

extension TapDevice {
    /// One queue of an interface with several: each call with the same name opens another one.
    public static func openQueue(name: String) throws(SystemError) -> Descriptor {
        // unsafe because the name is a C string; it lives for the call
        let number = unsafe bh_tap_open_queue(name)
        return Descriptor(adopting: try SystemError.check(number, "open a queue of the tap device", name))
    }
}

extension NetlinkSocket {
    /// The number of an interface of the calling thread's namespace, or nil: without the lock that a request through
    /// the routing socket waits for while namespaces are taken down.
    public static func index(of name: String) -> Int32? {
        // unsafe because the name is a C string; it lives for the call
        let index = unsafe bh_interface_index(name)
        return index == 0 ? nil : Int32(truncatingIfNeeded: index)
    }
}
