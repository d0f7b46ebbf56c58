internal import CLinux
internal import Glibc
internal import Linux

/// An interrupt line of the machine, edge-triggered: an eventfd that KVM watches. Any thread may raise it.
final class InterruptLine: Sendable {
    /// Its number ("global system interrupt").
    let number: UInt32
    private let event: Descriptor

    /// A line that leads nowhere before ``connect(to:)``.
    init(_ number: UInt32) throws(VMMError) {
        self.number = number
        event = Descriptor(adopting: try VMMError.check(bh_eventfd(), "create the event of interrupt line \(number)"))
    }

    /// Leads it to the interrupt controllers of a machine, which holds the event for as long as it lives.
    func connect(to machine: borrowing KVMMachine) throws(VMMError) {
        try machine.connect(event: event.rawValue, toLine: number)
    }

    /// Makes an edge.
    func raise() {
        var one: UInt64 = 1
        // The only error (EAGAIN) is a counter that is full: an edge that nobody has taken yet is there already.
        // unsafe because the number is read through a pointer to a local variable
        _ = unsafe write(event.rawValue, &one, 8)
    }
}
