/// The kernels that guests boot, made from an unpacked distribution package and cached.
public struct KernelStore: Sendable {
    /// The unpacked package: `boot/vmlinuz-*` and `lib/modules/*` (or `usr/lib/modules/*`); `cache` is made in it.
    public let directory: String
    /// The agent that becomes `/init`.
    public let agent: String

    /// Creates it; nothing is read yet.
    public init(directory: String, agent: String) {
        self.directory = directory
        self.agent = agent
    }

    /// Extracts the newest kernel and builds its initrd, unless both are cached already.
    public func prepare() throws(MachineError) -> GuestKernel {
        throw MachineError(.missing, "machines: not ready yet")
    }
}
