internal import Glibc
internal import Linux
internal import OCI

/// Who a process is, once the container's own files have been asked.
struct ResolvedIdentity {
    var uid: UInt32
    var gid: UInt32
    var groups: [UInt32]
    /// Whether the groups stay what they are, for the user namespace lets nobody change them.
    private(set) var areGroupsFixed = false
    private let home: String?

    init(_ plan: ProcessPlan, root: borrowing RootDirectory) throws(RuntimeError) {
        let user = plan.process.user
        uid = user.uid
        gid = user.gid
        groups = user.additionalGroups
        let needsHome = !plan.process.environment.contains { $0.hasPrefix("HOME=") && $0 != "HOME=" }
        guard user.name != nil || needsHome || !plan.groupNames.isEmpty else {
            home = nil
            return
        }
        let database = try step("read the container's users") { () throws(SystemError) in
            try UserDatabase(inRoot: root)
        }
        if let name = user.name {
            let identity = try database.resolve(user: name)
            uid = identity.uid
            gid = identity.gid
            groups = [gid] + identity.groups + groups
        }
        for name in plan.groupNames { groups.append(try database.group(named: name)) }
        var seen: Set<UInt32> = []
        groups = groups.filter { seen.insert($0).inserted }
        home = needsHome ? database.home(of: uid) ?? "/" : nil
    }

    /// Whether everybody of it is in the user namespace; `map` is nil where config.json does not say who is.
    ///
    /// - Parameter areGroupsFixed: whether the namespace lets nobody change groups.
    mutating func check(_ map: IdentityMap?, areGroupsFixed: Bool) throws(RuntimeError) {
        self.areGroupsFixed = areGroupsFixed
        if areGroupsFixed, groups.contains(where: { $0 != gid }) {
            throw .invalid(
                "process.user.additionalGids: groups can't be changed in this user namespace: "
                    + "linux.gidMappings maps the user's own one alone")
        }
        guard let map else { return }
        guard map.outside(user: uid) != nil else {
            throw .invalid("process.user.uid: linux.uidMappings has no user \(uid)")
        }
        guard map.outside(group: gid) != nil else {
            throw .invalid("process.user.gid: linux.gidMappings has no group \(gid)")
        }
        for group in groups where map.outside(group: group) == nil {
            throw .invalid("process.user.additionalGids: linux.gidMappings has no group \(group)")
        }
    }

    /// HOME, unless the configuration has it.
    func addHome(to environment: inout [String]) {
        guard let home else { return }
        environment.removeAll { $0 == "HOME=" }
        environment.append("HOME=\(home)")
    }
}

extension ProcessPlan {
    /// Becomes what the program is to run as: descriptors, limits, users, capabilities, filter. In this order, for
    /// each step may take away what the ones before it need. `channel` stays open until the program is executed.
    func assume(
        _ identity: ResolvedIdentity, inherited: [Int32], descriptors: consuming OpenDescriptors,
        channel: borrowing ChildChannel, label: borrowing SecurityLabel, listener: borrowing SeccompListener?
    ) throws(RuntimeError) {
        let connection = try prepare(
            inherited: inherited, descriptors: descriptors, channel: channel, label: label, listener: listener)
        try become(identity, connection)
    }

    /// What a process that is made now inherits as well: no descriptor but those that are wanted and the connections, of
    /// which that to a filter's listener is returned.
    func prepare(
        inherited: [Int32], descriptors: consuming OpenDescriptors, channel: borrowing ChildChannel,
        label: borrowing SecurityLabel, listener: borrowing SeccompListener?
    ) throws(RuntimeError) -> SeccompConnection? {
        try label.apply()
        let connection = try connect(listener, inherited)
        try ProcessPlan.arrange(
            inherited, descriptors, [channel.socket.rawValue] + ProcessPlan.numbers(of: connection))
        Privilege.setMask(process.user.umask ?? 0o022)
        do { try capabilities?.bounding.limitBounding() } catch { throw ProcessPlan.failed(error) }
        return connection
    }

    /// Whether `become` can be done with before the process is made that executes the program, which inherits it all.
    func canBecomeEarly(_ identity: ResolvedIdentity, inUserNamespace: Bool) -> Bool {
        // SCHED_FLAG_RESET_ON_FORK, and deadline scheduling, which can't be inherited.
        guard process.scheduler == nil, listener == nil else { return false }
        // There would be one more process than the user may have.
        if identity.uid != 0 || inUserNamespace, limits.contains(where: { $0.name == "RLIMIT_NPROC" }) { return false }
        guard let filter else { return true }
        return FilterProgram(bytes: filter).allowsEntering
    }

    /// Gives up the capabilities that neither the program will have nor `become` needs.
    func reduceCapabilities() throws(RuntimeError) {
        guard let capabilities else { return }
        var kept = capabilities.permitted.union(capabilities.inheritable).union([.setUserID, .setGroupID])
        if !limits.isEmpty { kept.insert(.systemResource) }
        if process.scheduler != nil || process.ioPriority != nil { kept.insert(.systemNice) }
        // For its real-time class, before Linux 5.14.
        if process.ioPriority != nil { kept.insert(.systemAdministration) }
        // The kernel lets nobody else filter who could become more by executing a program.
        if filter != nil && !process.noNewPrivileges { kept.insert(.systemAdministration) }
        do {
            kept.formIntersection(try CapabilitySet.permitted())
            try CapabilitySet.set(effective: kept, permitted: kept, inheritable: [])
        } catch {
            throw ProcessPlan.failed(error)
        }
    }

    /// Takes limits, user, capabilities and filter.
    func become(
        _ identity: ResolvedIdentity, _ connection: borrowing SeccompConnection?
    ) throws(RuntimeError) {
        try schedule()
        for limit in limits {
            try step("set \(limit.name)") { () throws(SystemError) in
                try Privilege.setLimit(limit.resource, soft: limit.soft, hard: limit.hard)
            }
        }
        do {
            let own = try CapabilitySet.permitted()
            if identity.uid != 0 { try CapabilitySet.keepOverUserChange(true) }
            try Privilege.become(
                user: identity.uid, group: identity.gid, groups: identity.areGroupsFixed ? nil : identity.groups)
            // A change of the user sets this to what fs.suid_dumpable says.
            try Privilege.setDumpable(false)
            if let filter, !process.noNewPrivileges {
                // Without no_new_privs this takes CAP_SYS_ADMIN, which a change of the user has made ineffective.
                if identity.uid != 0 { try CapabilitySet.set(effective: own, permitted: own, inheritable: []) }
                try install(filter, connection)
            }
            try capabilities?.assume(from: own)
            if process.noNewPrivileges { try Privilege.setNoNewPrivileges() }
            if let filter, process.noNewPrivileges { try install(filter, connection) }
        } catch {
            throw ProcessPlan.failed(error)
        }
    }

    private static func failed(_ error: SystemError) -> RuntimeError {
        RuntimeError("take the process's privileges", error)
    }

    private func connect(
        _ listener: borrowing SeccompListener?, _ inherited: [Int32]
    ) throws(RuntimeError) -> SeccompConnection? {
        switch listener {
        case nil: return nil
        case .some(let listener): return try SeccompConnection(listener, inherited: inherited.count)
        }
    }

    private static func numbers(of connection: borrowing SeccompConnection?) -> [Int32] {
        switch connection {
        case nil: []
        case .some(let connection): [connection.number]
        }
    }

    /// Installs the filter; where it leaves calls to somebody else, that one gets its descriptor at once.
    private func install(_ filter: [UInt8], _ connection: borrowing SeccompConnection?) throws(SystemError) {
        let listening: Descriptor?
        do {
            listening = try Privilege.installFilter(filter, flags: filterFlags, listening: self.listener != nil)
        } catch  where error.code == EINVAL && filterFlags & 32 != 0 {
            throw SystemError(
                "linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs Linux 5.19 or later", code: ENOTSUP)
        }
        switch connection {
        case nil: return
        case .some(let connection):
            guard let listening else { return }
            try connection.send(listening)
        }
    }

    /// Before privileges are dropped: raising a priority takes some.
    private func schedule() throws(RuntimeError) {
        if let scheduler = process.scheduler {
            try step("process.scheduler: set \(scheduler.policy.name)") { () throws(SystemError) in
                try Scheduling.set(
                    policy: scheduler.policy.rawValue, nice: scheduler.nice, priority: scheduler.priority,
                    flags: scheduler.flags, runtime: scheduler.runtime, deadline: scheduler.deadline,
                    period: scheduler.period)
            }
        }
        if let priority = process.ioPriority {
            try step("process.ioPriority: set the priority") { () throws(SystemError) in
                try Scheduling.setIOPriority(class: priority.category.rawValue, priority: priority.priority)
            }
        }
        if let personality {
            try step("linux.personality: set the personality") { () throws(SystemError) in
                try Scheduling.setPersonality(personality.rawValue)
            }
        }
    }

    /// Puts inherited descriptors to 3, 4, … and closes everything else, whoever left it open.
    ///
    /// Closing on exec would be too late: the kernel looks the program up before, and its path, or the interpreter that
    /// it names, may lead through `/proc/self/fd` to whatever our caller had open (CVE-2024-21626). The connection to
    /// the parent stays, and that to a filter's listener, to be closed on exec; a socket leads nowhere.
    private static func arrange(
        _ inherited: [Int32], _ descriptors: borrowing OpenDescriptors, _ kept: [Int32]
    ) throws(RuntimeError) {
        try step("arrange the descriptors") { () throws(SystemError) in
            let count = Int32(truncatingIfNeeded: inherited.count)
            guard count > 0 else { return try descriptors.close(from: 3, except: kept) }
            // The wanted numbers may be those of others that are wanted: all go through numbers above first.
            var copies: [Int32] = []
            for number in inherited { copies.append(try Descriptor.duplicating(number, atLeast: 3 + count).release()) }
            for (index, number) in copies.enumerated() {
                try Program.duplicate(number, to: 3 + Int32(truncatingIfNeeded: index))
            }
            try descriptors.close(from: 3 + count, except: kept)
        }
    }
}

extension ProcessPlan.Capabilities {
    /// Sets the effective, permitted, inheritable and ambient sets, as far as they can be had.
    func assume(from own: CapabilitySet) throws(SystemError) {
        try CapabilitySet.set(
            effective: effective.intersection(permitted).intersection(own), permitted: permitted.intersection(own),
            inheritable: inheritable.intersection(bounding).intersection(own))
        let usable = ambient.intersection(permitted).intersection(inheritable).intersection(bounding).intersection(own)
        if !usable.isEmpty { try usable.setAmbient() }
    }
}
