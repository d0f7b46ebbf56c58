internal import Synchronization

/// The interrupt of one virtio-mmio device: what happened, and the line that says so.
///
/// Virtio 1.2, section 4.2.2: the driver reads why it was interrupted from InterruptStatus and acknowledges it there.
/// Any thread may raise it.
final class VirtioInterrupt: Sendable {
    /// What a device may have to say.
    enum Cause: UInt32, Sendable {
        /// A queue has used buffers.
        case queue = 1
        /// The configuration has changed, or the device needs a reset.
        case configuration = 2
    }

    private let pending = Atomic<UInt32>(0)
    private let line: @Sendable () -> Void

    /// `line` interrupts the guest: it writes to the eventfd that KVM turns into an edge of the line (irqfd).
    init(line: @escaping @Sendable () -> Void) { self.line = line }

    /// The register InterruptStatus.
    var status: UInt32 { pending.load(ordering: .acquiring) }

    /// Interrupts the guest.
    func raise(_ cause: Cause) {
        // The bit first: a driver that sees the interrupt reads the register at once.
        pending.bitwiseOr(cause.rawValue, ordering: .acquiringAndReleasing)
        line()
    }

    /// The driver's write to InterruptACK.
    func acknowledge(_ bits: UInt32) { pending.bitwiseAnd(~bits, ordering: .acquiringAndReleasing) }
}
