public import Linux

/// The users and groups of a root filesystem, out of its /etc/passwd and /etc/group.
public struct UserDatabase: Sendable {
    /// Who somebody is.
    public struct Identity: Sendable, Equatable {
        /// The user's number.
        public var uid: UInt32
        /// The group's number.
        public var gid: UInt32
        /// Further groups.
        public var groups: [UInt32]
        /// The home directory, `/` where nothing is known.
        public var home: String
    }

    private struct User {
        let name: Substring
        let uid: UInt32
        let gid: UInt32
        let home: Substring
    }

    private let users: [User]
    private let groupText: String

    /// Largest size of either file that is read, in bytes.
    private static let limit = 8 << 20

    /// Reads both files; one that is missing is empty.
    public init(inRoot root: borrowing RootDirectory) throws(SystemError) {
        users = try UserDatabase.text("/etc/passwd", root).parts(between: "\n").compactMap { line in
            let fields = line.parts(between: ":", omittingEmpty: false)
            guard fields.count >= 6, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
            return User(name: fields[0], uid: uid, gid: gid, home: fields[5])
        }
        groupText = try UserDatabase.text("/etc/group", root)
    }

    private static func text(_ path: String, _ root: borrowing RootDirectory) throws(SystemError) -> String {
        let file: Descriptor
        // An image may have anything there: only a file is read, and without waiting for whoever writes into a pipe.
        do { file = try root.open(path, [.readOnly, .nonblocking]) } catch { return "" }
        guard try FileStatus(of: file.rawValue).kind == .file else { return "" }
        return String(decoding: try file.readAll(limit: limit), as: UTF8.self)
    }

    /// The home directory of a user's number, or nil.
    public func home(of uid: UInt32) -> String? {
        users.first { $0.uid == uid }.flatMap { $0.home.isEmpty ? nil : String($0.home) }
    }

    /// The number of a group by its name or number.
    public func group(named name: String) throws(RuntimeError) -> UInt32 {
        for fields in groups() where fields[0] == name { if let gid = UInt32(fields[2]) { return gid } }
        guard let number = UInt32(name), number <= Int32.max else {
            throw .invalid("unable to find group \(name): no matching entries in group file")
        }
        return number
    }

    private func groups() -> [[Substring]] {
        groupText.parts(between: "\n").map { $0.parts(between: ":", omittingEmpty: false) }
            .filter { $0.count >= 4 }
    }

    /// Who `user`, `user:group`, `uid` or `uid:gid` is, as Docker understands it: names count before numbers, a number
    /// need not be listed, and the groups that list the user as a member belong to it unless a group is named.
    public func resolve(user text: String) throws(RuntimeError) -> Identity {
        let parts = text.parts(between: ":", maxSplits: 1, omittingEmpty: false)
        let name = parts.first.map(String.init) ?? ""
        let groupName = parts.count > 1 ? String(parts[1]) : ""
        var identity = Identity(uid: 0, gid: 0, groups: [], home: "/")
        let found: User?
        if name.isEmpty {
            found = users.first { $0.uid == 0 }
        } else if let user = users.first(where: { $0.name == name }) {
            found = user
        } else if let number = UInt32(name), number <= Int32.max {
            found = users.first { $0.uid == number }
            identity.uid = number
        } else {
            throw .invalid("unable to find user \(name): no matching entries in passwd file")
        }
        if let found {
            identity.uid = found.uid
            identity.gid = found.gid
            if !found.home.isEmpty { identity.home = String(found.home) }
        }
        if !groupName.isEmpty {
            identity.gid = try group(named: groupName)
        } else if let member = found?.name {
            for fields in groups() where fields[3].parts(between: ",").contains(member) {
                if let gid = UInt32(fields[2]) { identity.groups.append(gid) }
            }
        }
        return identity
    }
}
