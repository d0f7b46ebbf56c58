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
    /// machine's monitor with a target of `/share/NAME`; the guest has them at ``guestPath(of:)``.
    public static let shareTarget = "/share"
    /// The same for what never changes.
    public static let layersTarget = "/layers"
    /// Where the guest has what the jail has at a target in one of these folders.
    public static func guestPath(of target: String) -> String { "/run/bulkhead" + target }
    /// The read-only image.
    public static let guestImage = "/run/bulkhead/image"
    /// The writable disk.
    public static let guestDisk = "/run/bulkhead/disk"

    /// The setup for the monitor that runs the jail; the caller adds log, exit record and inherited descriptors.
    public func setup(id: String) -> ContainerSetup {
        ContainerSetup(id: id, specification: specification.json.description, root: root)
    }
}

extension MachineConfiguration {
    /// The folders that are shared with the guest, as the jail has them.
    var shares: [MachineSetup.SharedFolder] {
        var shares: [MachineSetup.SharedFolder] = []
        if share {
            shares.append(.init(tag: MachineSetup.shareTag, folder: MachineLaunch.shareTarget, isConstant: false))
        }
        if layers {
            shares.append(.init(tag: MachineSetup.layersTag, folder: MachineLaunch.layersTarget, isConstant: true))
        }
        return shares
    }
}
