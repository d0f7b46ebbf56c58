internal import Glibc
internal import Linux
internal import OCI

/// Where systemd is to have a container: `linux.cgroupsPath` as `slice:prefix:name`.
struct SystemdPlace: Equatable {
    let slice: String
    let unit: String
    /// The control group of the manager that is asked.
    private let manager: String

    /// - Parameter isOfUser: whether the manager of a user is asked, whose units are elsewhere by default.
    init(_ path: String?, id: String, isOfUser: Bool) throws(RuntimeError) {
        let parts = (path ?? "").split(separator: ":", omittingEmptySubsequences: false)
        guard path == nil || path == "" || parts.count == 3 else {
            throw .invalid(
                "linux.cgroupsPath: \"\(path ?? "")\" must be slice:prefix:name for systemd's control groups")
        }
        let given = parts.count == 3 ? parts.map(String.init) : ["", "bulkhead", id]
        slice = given[0].isEmpty ? (isOfUser ? "user.slice" : "system.slice") : given[0]
        guard slice.hasSuffix(".slice"), !slice.contains("/") else {
            throw .invalid("linux.cgroupsPath: \(slice) is no slice of systemd, whose names end with .slice")
        }
        guard !given[2].isEmpty, !given[1].contains("/"), !given[2].contains("/") else {
            throw .invalid("linux.cgroupsPath: \"\(path ?? "")\" names no unit")
        }
        unit = given[1].isEmpty ? "\(given[2]).scope" : "\(given[1])-\(given[2]).scope"
        manager = isOfUser ? "/user.slice/user-\(geteuid()).slice/user@\(geteuid()).service" : ""
    }

    /// The path of the control group that systemd gives the unit: `a-b.slice` lies in `a.slice` (systemd.slice(5)).
    var controlGroup: String {
        var path = manager
        var name = ""
        for part in slice.dropLast(".slice".count).split(separator: "-") {
            name += name.isEmpty ? "\(part)" : "-\(part)"
            path += "/\(name).slice"
        }
        return "\(path)/\(unit)"
    }
}

/// A process of ours that keeps a scope alive until the container's own is in it: systemd wants one to begin with, and
/// takes the scope away once there is none.
struct ScopeHolder: ~Copyable {
    private let process: Int32
    private let descriptor: ProcessDescriptor

    /// Makes the process.
    init() throws(RuntimeError) {
        let parent = getpid()
        let result = try step("make a process for the scope") { () throws(SystemError) in try Clone.process([]) }
        switch consume result {
        case .child:
            // Without it the process would be left behind where ours is killed; nothing else can fail here.
            try? Privilege.setParentDeathSignal(SIGKILL)
            while getppid() == parent { pause() }
            Program.exitNow(0)
        case .parent(let process, let descriptor):
            self.process = process
            self.descriptor = descriptor
        }
    }

    deinit {
        // It only waits: it can neither refuse the signal nor have ended before.
        try? descriptor.signal(SIGKILL)
        _ = try? descriptor.waitForEnd()
    }

    /// Starts the scope around the process, and makes the container's groups in it.
    func makeGroup(_ plan: ContainerPlan, _ layout: CgroupLayout) throws(RuntimeError) -> Cgroup {
        guard SystemdScope.isPossible else {
            throw .failed(
                "systemd's control groups are asked for, but systemd is not this host's init system; "
                    + "leave --systemd-cgroup out")
        }
        let isOfUser = plan.blueprint.isRootless
        let place = try SystemdPlace(
            plan.specification.linux.cgroupsPath, id: plan.blueprint.id, isOfUser: isOfUser)
        let scope = SystemdScope(name: place.unit, isOfUser: isOfUser)
        let path = try step("make a scope for container \(plan.blueprint.id)") { () throws(SystemError) in
            try scope.start(
                process: process, slice: place.slice, description: "container \(plan.blueprint.id)",
                limits: plan.limits, unified: layout.isUnified)
        }
        var limits = plan.limits
        // This process counts too.
        limits.processes = limits.processes.map { $0 < 0 ? $0 : $0 + 1 }
        do { return try Cgroup.create(path, layout: layout, limits: limits, in: scope) } catch {
            // The error that matters is the one before; the scope goes with the last process in it.
            try? scope.stop()
            if isOfUser, error.isRefusal, let property = plan.limits.properties.first {
                throw .failed(
                    "linux.resources.\(property): \(error); the systemd of the user can limit only what is delegated to "
                        + "it (Delegate= of user@.service)")
            }
            throw RuntimeError("make the control group \(path)", error)
        }
    }

    /// Ends the process once the container's is in the group, whose limit of processes is then what it should be.
    consuming func end(_ group: Cgroup, _ limits: CgroupLimits) throws(RuntimeError) {
        _ = consume self
        guard let processes = limits.processes else { return }
        var last = CgroupLimits()
        last.processes = processes
        try step("limit the processes") { () throws(SystemError) in try group.setLimits(last) }
    }
}
