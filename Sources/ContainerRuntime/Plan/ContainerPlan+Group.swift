internal import Glibc
internal import Linux
internal import OCI

extension ContainerPlan {
    /// The host's control groups; it may have none where that is not asked for.
    func layout() throws(RuntimeError) -> CgroupLayout {
        do { return try CgroupLayout.detect() } catch {
            if blueprint.isRootless { return .none }
            throw RuntimeError("look for control groups", error)
        }
    }

    /// Makes the container's control group. An ordinary user's is beside its own in v2, unless the configuration names one;
    /// where none can be had, and nothing asks for one, there is none.
    func makeGroup(_ layout: CgroupLayout) throws(RuntimeError) -> Cgroup {
        guard blueprint.isRootless, specification.linux.cgroupsPath == nil else {
            return try makeGroup(cgroupPath, layout)
        }
        do throws(SystemError) {
            guard let place = try Cgroup.placeOfOrdinaryUser(layout) else {
                return try Cgroup.create(cgroupPath, layout: layout, limits: limits)
            }
            let path = place == "/" ? cgroupPath : place + cgroupPath
            let group = try Cgroup.create(path, layout: layout, limits: limits)
            if try group.mayBeEntered() { return group }
            try group.remove()
            throw SystemError("enter the control group", path, code: EACCES)
        } catch {
            guard error.isRefusal || error.code == ENOENT else {
                throw RuntimeError("make the control group \(cgroupPath)", error)
            }
            return try none(layout, error)
        }
    }

    private func makeGroup(_ path: String, _ layout: CgroupLayout) throws(RuntimeError) -> Cgroup {
        do { return try Cgroup.create(path, layout: layout, limits: limits) } catch {
            if blueprint.isRootless, error.isRefusal {
                throw .failed("linux.cgroupsPath: \(error); leave it out to go on without a control group")
            }
            throw RuntimeError("make the control group \(path)", error)
        }
    }

    /// No group, if nothing asks for one.
    private func none(_ layout: CgroupLayout, _ error: SystemError) throws(RuntimeError) -> Cgroup {
        if let property = limits.properties.first {
            throw .failed(
                "linux.resources.\(property): takes a control group, and this user can make none: \(error); "
                    + "have one delegated, or use --systemd-cgroup with a systemd of the user's own")
        }
        return Cgroup(existing: "", layout: layout)
    }

    /// Gives the group to whom it is to belong. An ordinary user's is the user's already.
    func giveGroup(_ group: Cgroup) throws(RuntimeError) {
        guard let groupOwner, !isUnprivileged else { return }
        try step("hand over the control group \(group.path)") { () throws(SystemError) in
            try group.delegate(to: groupOwner)
        }
    }

    /// Whether the container's process can't be made in its group, and has to be moved there.
    func entersLate(_ group: Cgroup) throws(RuntimeError) -> Bool {
        guard blueprint.isRootless else { return false }
        return try step("look at the control group \(group.path)") { () throws(SystemError) in
            try !group.mayBeEntered()
        }
    }
}
