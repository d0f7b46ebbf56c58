internal import CLinux
internal import Glibc

/// What `Clone.process` has made.
public enum CloneResult: ~Copyable {
    /// This is the new process.
    case child
    /// This is its parent.
    case parent(process: Int32, descriptor: ProcessDescriptor)
}

/// Makes processes that share no memory with this one.
public enum Clone {
    /// clone3(2) with new namespaces and a pidfd, like fork: it returns twice. To be called by single-threaded
    /// executables only: nothing but the calling thread exists in the new process.
    ///
    /// With `group` it is in that group of cgroup v2, if the host has that, from its first instruction on.
    public static func process(_ namespaces: Namespaces, in group: Cgroup? = nil) throws(SystemError) -> CloneResult {
        let directory = try group?.unifiedDirectory.map { path throws(SystemError) in
            try Descriptor.open(path, [.path, .directory]).release()
        }
        // Adopted only now: an optional descriptor would be closed by the first look into it.
        defer { if let directory { _ = Descriptor(adopting: directory) } }
        if !NewerCall.clone3.isMissing {
            var pidfd: Int32 = -1
            // unsafe because the kernel stores the new descriptor through a pointer to a local number
            let pid = unsafe bh_clone3(UInt64(namespaces.rawValue), &pidfd, directory ?? -1)
            if pid == 0 { return .child }
            if pid > 0 {
                return .parent(process: pid, descriptor: ProcessDescriptor(adopting: Descriptor(adopting: pidfd)))
            }
            let code = errno
            guard NewerCall.clone3.isMissing(after: code) else { throw SystemError("clone3", code: code) }
        }
        return try withoutClone3(namespaces, in: group?.unifiedDirectory)
    }

    /// A process like the calling one, with the same parent (CLONE_PARENT): returns twice, 0 in the new one and its
    /// number in the calling one. By clone(2), which filters know who refuse clone3.
    public static func sibling() throws(SystemError) -> Int32 {
        try SystemError.check(bh_clone(siblingFlags, nil), "clone")
    }

    /// The flags for that: CLONE_PARENT. Its end is told as that of the calling process is.
    static let siblingFlags: UInt64 = 0x8000

    /// The same with new namespaces.
    private static func sibling(_ namespaces: Namespaces) throws(SystemError) -> Int32 {
        let flags = UInt64(namespaces.rawValue) | siblingFlags
        if !NewerCall.clone3.isMissing {
            let number = bh_clone3(flags, nil, -1)
            if number >= 0 { return number }
            let code = errno
            guard NewerCall.clone3.isMissing(after: code) else { throw SystemError("clone3", code: code) }
        }
        return try SystemError.check(bh_clone(flags, nil), "clone")
    }

    /// clone3(2) for a process whose new namespaces belong to a user namespace that exists: a child joins that and makes
    /// the process, which is a child of ours all the same (CLONE_PARENT).
    ///
    /// - Parameters:
    ///   - user: the user namespace. Whoever has made it needs no privileges to join it, and has all of them inside.
    ///   - pidNamespace: the path of the namespace of process numbers in which it is to be, or nil.
    public static func process(
        _ namespaces: Namespaces, in group: Cgroup? = nil, joining user: borrowing Descriptor,
        pidNamespace: String? = nil
    ) throws(SystemError) -> CloneResult {
        let pair = try UnixSocket.pair(.sequencedPackets)
        let result = try process([], in: group)
        switch consume result {
        case .child:
            do {
                // Opened with the rights that are about to be left behind.
                let numbers = try pidNamespace.map { path throws(SystemError) in try Descriptor.open(path).release() }
                try Namespaces.join(user.rawValue, .user)
                if let numbers { try Namespaces.join(numbers, .pid) }
                let number = try sibling(namespaces)
                if number == 0 {
                    if let numbers { close(numbers) }
                    return .child
                }
                try UnixSocket.send(Array("\(number)".utf8), over: pair.second)
            } catch {
                // Whoever reads it finds no number in it.
                _ = try? UnixSocket.send(Array("\(error)".utf8), over: pair.second)
            }
            Program.exitNow(0)
        case .parent(_, let helper):
            guard let message = try UnixSocket.receive(upTo: 4096, over: pair.first) else {
                throw SystemError("make the process in a user namespace", code: EIO)
            }
            _ = try helper.waitForEnd()
            let text = String(decoding: message.bytes, as: UTF8.self)
            guard let number = Int32(text) else { throw SystemError("make the process: \(text)", code: EPERM) }
            return .parent(process: number, descriptor: try ProcessDescriptor(process: number))
        }
    }
}
