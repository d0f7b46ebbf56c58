internal import CLinux
internal import Glibc

/// A network namespace, its loopback interface up, that is made while the calling process goes on: the kernel takes as
/// long for it as for most of what else a container is made of.
@safe public struct NetworkNamespaceMaker: ~Copyable {
    // unsafe because it stands for memory of C's, which bh_network_end gives back
    private var maker: OpaquePointer?

    /// Begins.
    public init() throws(SystemError) {
        guard let maker = unsafe bh_network_begin() else {
            throw SystemError("clone", "a process that makes a network namespace", code: errno)
        }
        unsafe self.maker = maker
    }

    deinit {
        guard let maker = unsafe maker else { return }
        // Where nobody has asked for it, that it could not be made is nobody's loss.
        let descriptor = unsafe bh_network_end(maker)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Waits until it is made.
    public consuming func finish() throws(SystemError) -> Descriptor {
        let descriptor = try SystemError.check(unsafe bh_network_end(maker.take()), "make a network namespace")
        return Descriptor(adopting: descriptor)
    }
}
