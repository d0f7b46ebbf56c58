internal import Glibc
public import Linux
public import OCI

extension RunningContainer {
    /// Sends a signal to the first process.
    public func signal(_ number: Int32) throws(RuntimeError) {
        do { try processDescriptor.signal(number) } catch  where error.code == ESRCH {
            throw .wrongState("container \(id) is not running")
        } catch { throw RuntimeError("signal container \(id)", error) }
    }

    /// Freezes every process.
    public func pause() throws(RuntimeError) {
        try step("pause container \(id)") { () throws(SystemError) in try cgroup.setFrozen(true) }
    }

    /// Thaws every process.
    public func resume() throws(RuntimeError) {
        try step("resume container \(id)") { () throws(SystemError) in try cgroup.setFrozen(false) }
    }

    /// A descriptor that becomes readable when the kernel may have killed one of its processes for want of memory;
    /// read it empty, then ask `outOfMemoryKills`. Nil where the host can't tell.
    public func outOfMemoryDescriptor() throws(RuntimeError) -> Descriptor? {
        try step("watch the memory of container \(id)") { () throws(SystemError) in
            try cgroup.outOfMemoryDescriptor()
        }
    }

    /// How often the kernel has killed one of its processes for want of memory.
    public var outOfMemoryKills: UInt64 { cgroup.outOfMemoryKills }

    /// How the first process ended, and reaps it; nil while it runs.
    public func reap() throws(RuntimeError) -> ProcessEnd? {
        try step("wait for container \(id)") { () throws(SystemError) in try processDescriptor.reap() }
    }

    /// Removes what a container that is gone had outside of its control group.
    public static func removeShares(of id: String, _ specification: RuntimeSpecification) throws(RuntimeError) {
        try CacheControl(specification, id: id)?.remove()
    }

    /// The control group that a container of this configuration gets, or would have got: whether it is there is to be
    /// seen.
    ///
    /// - Parameter usesSystemd: whether systemd was asked for it.
    public static func controlGroup(
        of id: String, _ specification: RuntimeSpecification, usesSystemd: Bool
    ) throws(RuntimeError) -> Cgroup {
        let layout = try step("look for control groups") { () throws(SystemError) in try CgroupLayout.detect() }
        guard usesSystemd else {
            return Cgroup(existing: ContainerBlueprint.controlGroup(of: id, specification), layout: layout)
        }
        let isOfUser = geteuid() != 0
        let place = try SystemdPlace(specification.linux.cgroupsPath, id: id, isOfUser: isOfUser)
        return Cgroup(
            existing: place.controlGroup, layout: layout,
            scope: SystemdScope(name: place.unit, isOfUser: isOfUser))
    }

    /// Kills everything that still runs in it and removes its cgroup. Every step is tried; the first failure is thrown.
    public consuming func destroy() throws(RuntimeError) {
        var failure: SystemError?
        do { try processDescriptor.signal(SIGKILL) } catch  where error.code != ESRCH { failure = error } catch {}
        do { try cgroup.killAndRemove() } catch { failure = failure ?? error }
        // Not our child, or reaped before: then there is nothing to reap.
        _ = try? processDescriptor.reap()
        var shares: RuntimeError?
        do { try CacheControl(specification, id: id)?.remove() } catch { shares = error }
        let lost = devices.take()?.bringBack()
        if let failure { throw RuntimeError("remove container \(id)", failure) }
        if let shares { throw shares }
        if let lost { throw lost }
    }
}
