/// The device status of virtio 1.2, section 2.1: how far a driver has come.
struct VirtioStatus: OptionSet, Sendable {
    let rawValue: UInt32

    /// ACKNOWLEDGE: the guest has found the device.
    static let acknowledge = VirtioStatus(rawValue: 1)
    /// DRIVER: it knows how to drive it.
    static let driver = VirtioStatus(rawValue: 2)
    /// DRIVER_OK: it is set up.
    static let driverOK = VirtioStatus(rawValue: 4)
    /// FEATURES_OK: both have agreed on features.
    static let featuresOK = VirtioStatus(rawValue: 8)
    /// DEVICE_NEEDS_RESET: the device can't go on.
    static let needsReset = VirtioStatus(rawValue: 64)
    /// FAILED: the driver has given up.
    static let failed = VirtioStatus(rawValue: 128)

    /// The steps in their order (section 3.1.1): each needs those before it.
    static let steps: [VirtioStatus] = [.acknowledge, .driver, .featuresOK, .driverOK]

    /// What a driver's write makes of this status; nil where it breaks the order or takes a bit back.
    ///
    /// `agreed`: whether the features can be agreed on; where not, FEATURES_OK stays unset, which the driver reads.
    func written(_ value: VirtioStatus, agreed: Bool) -> VirtioStatus? {
        // The device's own bit is not the driver's to change.
        var new = value.subtracting(.needsReset).intersection([.acknowledge, .driver, .featuresOK, .driverOK, .failed])
        guard new.isSuperset(of: subtracting(.needsReset)) else { return nil }
        var complete = true
        for step in VirtioStatus.steps {
            if new.contains(step), !complete { return nil }
            complete = complete && new.contains(step)
        }
        if !contains(.featuresOK), !agreed { new.subtract([.featuresOK, .driverOK]) }
        return new.union(intersection(.needsReset))
    }
}
