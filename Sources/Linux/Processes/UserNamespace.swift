internal import Glibc

/// Numbers of a user namespace and what they are outside of it.
public struct IdentityRange: Sendable, Equatable {
    /// The first number inside.
    public var inside: UInt32
    /// Its number outside.
    public var outside: UInt32
    /// How many in turn.
    public var count: UInt32

    /// Creates it.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }
}

/// Which users and groups a user namespace has (user_namespaces(7)).
public struct IdentityMap: Sendable, Equatable {
    /// The users.
    public var users: [IdentityRange]
    /// The groups.
    public var groups: [IdentityRange]

    /// Creates it.
    public init(users: [IdentityRange], groups: [IdentityRange]) {
        self.users = users
        self.groups = groups
    }

    /// Gives them to the new namespace of a child of the calling process, once.
    public func apply(to process: Int32) throws(SystemError) {
        try ProcessFileSystem.set("\(process)/uid_map", IdentityMap.text(users))
        try ProcessFileSystem.set("\(process)/gid_map", IdentityMap.text(groups))
    }

    /// The same for an ordinary user, who may map nobody but itself (user_namespaces(7), "Defining user and group ID
    /// mappings"), and no groups unless its members can't change theirs any more. For more than that there are
    /// newuidmap(1) and newgidmap(1), with what /etc/subuid and /etc/subgid give to the user.
    public func applyAsOrdinaryUser(to process: Int32) throws(SystemError) {
        if IdentityMap.isOnly(geteuid(), users) {
            try ProcessFileSystem.set("\(process)/uid_map", IdentityMap.text(users))
        } else {
            try MappingProgram(name: "newuidmap").map(users, to: process)
        }
        if IdentityMap.isOnly(getegid(), groups) {
            try ProcessFileSystem.set("\(process)/setgroups", "deny")
            try ProcessFileSystem.set("\(process)/gid_map", IdentityMap.text(groups))
        } else {
            try MappingProgram(name: "newgidmap").map(groups, to: process)
        }
    }

    private static func isOnly(_ number: UInt32, _ ranges: [IdentityRange]) -> Bool {
        ranges.count == 1 && ranges[0].outside == number && ranges[0].count == 1
    }

    /// The number outside of a user inside; nil for one that is not mapped.
    public func outside(user: UInt32) -> UInt32? { IdentityMap.outside(user, users) }

    /// The number outside of a group inside; nil for one that is not mapped.
    public func outside(group: UInt32) -> UInt32? { IdentityMap.outside(group, groups) }

    private static func outside(_ number: UInt32, _ ranges: [IdentityRange]) -> UInt32? {
        for range in ranges where number >= range.inside && number - range.inside < range.count {
            return range.outside &+ (number - range.inside)
        }
        return nil
    }

    private static func text(_ ranges: [IdentityRange]) -> String {
        ranges.map { "\($0.inside) \($0.outside) \($0.count)\n" }.joined()
    }

    /// A user namespace with this map in which nobody is: it lives as long as its descriptor.
    ///
    /// For single-threaded programs only: it takes a process that does nothing but be there while the map is written.
    public func makeNamespace() throws(SystemError) -> Descriptor {
        let result = try Clone.process(.user)
        switch consume result {
        case .child:
            // The parent ends it; it must not outlive the parent.
            do { try Privilege.setParentDeathSignal(SIGKILL) } catch { Program.exitNow(1) }
            while true { pause() }
        case .parent(let process, let descriptor):
            defer {
                // It may have ended with an error of its own: it is gone either way.
                try? descriptor.signal(SIGKILL)
                _ = try? descriptor.waitForEnd()
            }
            try apply(to: process)
            return try Descriptor.open("/proc/\(process)/ns/user")
        }
    }
}

/// User namespaces that exist.
public enum UserNamespace {
    /// Whether the calling process is in the machine's first one, in which everybody is who they are.
    ///
    /// A kernel without user namespaces has no such file, and nothing else than the first one.
    public static var isInitial: Bool {
        guard let text = try? Files.readText("/proc/self/uid_map") else { return true }
        let words = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        return words.map { Substring($0) } == ["0", "0", "4294967295"]
    }

    /// Whether in the namespace of a process (`self`, or its number) nobody may change their groups: setgroups(2) fails
    /// there, whatever the capabilities.
    public static func deniesGroups(of process: String) throws(SystemError) -> Bool {
        try Files.readText("/proc/\(process)/setgroups").hasPrefix("deny")
    }
}
