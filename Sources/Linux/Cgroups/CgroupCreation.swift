internal import Glibc

/// A group that was made, and how to undo that.
public struct CgroupCreation: Sendable {
    /// The group.
    public let group: Cgroup
    /// The directories that were made for it: what somebody else has made stays where this fails.
    private let made: [String]

    /// Makes the directories and sets their limits; what a failure leaves behind is removed again.
    ///
    /// In v1 only those hierarchies are used that limits, figures, freezing or devices need: processor sets and block
    /// devices only where they are limited.
    ///
    /// - Parameter programs: those of groups before, among which the one for this group's devices may be.
    public init(
        _ path: String, layout: CgroupLayout, limits: CgroupLimits, in scope: SystemdScope? = nil,
        programs: DevicePrograms = DevicePrograms()
    ) throws(SystemError) {
        let names = path.utf8.split(separator: UInt8(ascii: "/"))
        guard path.hasPrefix("/"), !names.isEmpty, !names.contains(where: { $0.elementsEqual("..".utf8) }),
            !names.contains(where: { $0.elementsEqual(".".utf8) })
        else {
            throw SystemError("make the control group", path, code: EINVAL)
        }
        var group = Cgroup(new: path, layout: layout)
        group.scope = scope
        if !group.isUnified {
            if limits.processors == nil && limits.memoryNodes == nil { group.directories[.cpuset] = nil }
            if limits.block.isEmpty { group.directories[.blkio] = nil }
            group.locateRare(limits)
            if scope != nil, let root = layout.rareRoot(of: .systemd) { group.directories[.systemd] = root + path }
        }
        var made: [String] = []
        do throws(SystemError) {
            for directory in group.allDirectories {
                if try CgroupCreation.isNew(directory) {
                    made.append(directory)
                    continue
                }
                // Whoever is in the group would be killed with the container: it must be nobody. systemd has just made the
                // one of a scope, refuses one that is there already, and has put the process that holds it there.
                if scope == nil, !(try Files.read("\(directory)/cgroup.procs")).isEmpty {
                    throw SystemError("use the control group, which has processes already:", directory, code: EBUSY)
                }
            }
            try group.enableControllers(for: limits)
            if group.isUnified {
                try group.applyUnified(limits, programs)
            } else {
                try group.applySeparate(limits, raisesSwap: false)
            }
        } catch {
            // The error that matters is the one before.
            try? Cgroup.remove(made)
            throw error
        }
        self.group = group
        self.made = made
    }

    /// Makes a directory, unless it is there already.
    private static func isNew(_ directory: String) throws(SystemError) -> Bool {
        do { try Files.makeDirectory(directory) } catch {
            if error.code == EEXIST { return false }
            guard error.code == ENOENT else { throw error }
            try Files.makeDirectories(directory)
        }
        return true
    }

    /// Removes what was made; there must be no process in it any more. Every directory is tried, and the first failure
    /// is thrown.
    public func undo() throws(SystemError) { try Cgroup.remove(made) }
}
