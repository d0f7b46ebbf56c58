internal import Glibc

/// A group that is being made, in two steps, so that the longer one can be taken while a process is made for it.
///
/// The first is all that a process needs to be made in the group: the directory of v2, with its limits where that has
/// the controllers. The second makes the directories of v1, which a process enters by itself, and sets their limits.
public struct CgroupCreation: Sendable {
    /// The group; complete once `finish` has returned.
    public let group: Cgroup
    private let limits: CgroupLimits
    /// Directories that somebody else has made: they are not removed where this fails.
    private let existed: [String]

    /// Takes the first step; what a failure leaves behind is removed again.
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
        let existed = group.allDirectories.filter { Files.exists($0) }
        // Whoever is in the group would be killed with the container: it must be nobody. systemd has just made the one of
        // a scope, refuses one that is there already, and has put the process that holds it there.
        if scope == nil {
            for directory in existed where !(try Files.read("\(directory)/cgroup.procs")).isEmpty {
                throw SystemError("use the control group, which has processes already:", directory, code: EBUSY)
            }
        }
        self.group = group
        self.limits = limits
        self.existed = existed
        do {
            try group.enableControllers(for: limits)
            if let directory = group.unifiedDirectory, !existed.contains(directory) {
                try Files.makeDirectories(directory)
            }
            if group.isUnified { try group.applyUnified(limits, programs) }
        } catch {
            // The error that matters is the one before.
            try? undo()
            throw error
        }
    }

    /// Takes the second step.
    public func finish() throws(SystemError) {
        guard !group.isUnified else { return }
        for directory in group.directories.values where !existed.contains(directory) {
            try Files.makeDirectories(directory)
        }
        try group.applySeparate(limits, raisesSwap: false)
    }

    /// Removes what was made; there must be no process in it any more. Every directory is tried, and the first failure
    /// is thrown.
    public func undo() throws(SystemError) { try group.remove(except: existed) }
}
