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
