internal import Linux
public import OCI

extension RunningContainer {
    /// Changes limits while it runs; what is not given stays as it is, and so does the list of devices.
    public func update(_ resources: RuntimeResources) throws(RuntimeError) {
        let limits = try CgroupLimits(resources)
        try step("update container \(id)") { () throws(SystemError) in try cgroup.update(limits) }
    }

    /// Changes its shares of caches and memory bandwidth while it runs; nothing happens where none is asked for.
    public func update(_ schemata: CacheSchemata) throws(RuntimeError) {
        guard !schemata.lines.isEmpty else { return }
        try CacheControl.update(specification, id: id, schemata)
    }
}
