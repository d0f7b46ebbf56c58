/// The virtio devices of a machine, each with a page of registers and an interrupt line of its own, in the order in which
/// the guest finds them.
///
/// | device | registers | line |
/// |---|---|---|
/// | 0 | 0xC0000000 | 5 |
/// | 1 | 0xC0001000 | 6 |
/// | … | | … 23, the I/O APIC's last |
final class VirtioSlots: Sendable {
    private static let firstLine: UInt32 = 5
    private static let lines = 24
    /// How many devices a machine has at most.
    static let most = lines - Int(firstLine)

    /// One of them.
    private struct Slot: Sendable {
        let place: Board.Slot
        let transport: MMIOTransport
        let line: InterruptLine
        let notifications: NotificationEvents
    }

    private let slots: [Slot]

    /// Gives each device a slot.
    ///
    /// - Parameter failed: hears that a device can't go on: its number, and why.
    init(
        _ devices: [any VirtioDevice], memory: GuestMemory, failed: @escaping @Sendable (Int, VirtioError) -> Void
    ) throws(VMMError) {
        guard devices.count <= VirtioSlots.most else {
            throw VMMError(
                .configuration, "\(devices.count) virtio devices: a machine has room for \(VirtioSlots.most)")
        }
        var slots: [Slot] = []
        for (index, device) in devices.enumerated() {
            let place = Board.Slot(
                address: BootLayout.devices + UInt64(index) * BootLayout.deviceSize,
                line: VirtioSlots.firstLine + UInt32(index))
            let line = try InterruptLine(place.line)
            let notifications = try NotificationEvents(count: device.queueSizes.count)
            let interrupt = VirtioInterrupt(report: { failed(index, $0) }, line: { line.raise() })
            let transport = MMIOTransport(
                device, memory: memory, interrupt: interrupt, notifications: notifications.numbers)
            slots.append(Slot(place: place, transport: transport, line: line, notifications: notifications))
        }
        self.slots = slots
    }

    deinit { stop() }

    /// Leads the lines to the machine's interrupt controllers, and has KVM itself count the drivers' notifications.
    func connect(to machine: borrowing KVMMachine) throws(VMMError) {
        for slot in slots {
            try slot.line.connect(to: machine)
            for (queue, event) in slot.notifications.numbers.enumerated() {
                try machine.notify(
                    event: event, ofWritesAt: slot.place.address + MMIORegister.queueNotify,
                    match: UInt32(truncatingIfNeeded: queue))
            }
        }
    }

    /// Takes the queues away from all devices: no thread touches the guest's memory on their behalf any more.
    func stop() { for slot in slots { slot.transport.stop() } }

    /// Where they are, for the guest's tables.
    var places: [Board.Slot] { slots.map(\.place) }

    /// Where they are, for the bus.
    var mappings: [Bus.Mapping] {
        slots.map {
            Bus.Mapping($0.place.address..<$0.place.address + BootLayout.deviceSize, $0.transport)
        }
    }
}
