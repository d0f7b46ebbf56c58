public import OCI
public import Wire

/// All that is needed to run a machine: a jail for its hypervisor process, which a monitor runs like any container.
public struct MachineLaunch: Sendable, Equatable {
    /// The OCI configuration of the jail.
    public var specification: RuntimeSpecification
    /// The jail's root filesystem.
    public var root: RootFilesystem
    /// Where connections to the guest's agent are accepted, once the hypervisor process runs. Each carries Wire frames.
    public var guestSocket: String
    /// Where the hypervisor process itself is asked, in Wire frames: `state`, `powerOff`, and `signal` 9 to end at once.
    public var controlSocket: String
    /// Whether the tap device must be the first of the inherited descriptors.
    public var wantsTap: Bool

    /// The folder within the jail that the guest has as its share. Host paths are added by the verb `mount` of the
    /// machine's monitor with a target of `/share/NAME`; the guest has them at ``guestShare``/NAME.
    public static let shareTarget = "/share"
    /// Where the guest finds the share, the read-only image and the writable disk.
    public static let guestShare = "/run/bulkhead/share"
    /// The read-only image.
    public static let guestImage = "/run/bulkhead/image"
    /// The writable disk.
    public static let guestDisk = "/run/bulkhead/disk"

    /// The setup for the monitor that runs the jail; the caller adds log, exit record and inherited descriptors.
    public func setup(id: String) -> ContainerSetup {
        ContainerSetup(id: id, specification: specification.json.description, root: root)
    }
}
