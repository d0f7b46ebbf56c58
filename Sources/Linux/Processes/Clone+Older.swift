internal import CLinux
internal import Glibc

extension Clone {
    /// clone(2), which can't put the new process into a control group: it waits until its parent has done that.
    static func withoutClone3(_ namespaces: Namespaces, in directory: String?) throws(SystemError) -> CloneResult {
        let gate = try PipePair()
        var pidfd: Int32 = -1
        // unsafe because the kernel stores the new descriptor through a pointer to a local number
        let pid = try SystemError.check(unsafe bh_clone(UInt64(namespaces.rawValue), &pidfd), "clone")
        let reading = gate.reading
        let writing = gate.writing
        if pid == 0 {
            _ = consume writing
            // The end: the parent could not do it, or is gone. There is nobody who would want this process then.
            guard case .bytes? = try? reading.read(upTo: 1) else { Program.exitNow(1) }
            return .child
        }
        _ = consume reading
        let process = ProcessDescriptor(adopting: Descriptor(adopting: pidfd))
        do {
            if let directory { try Files.set("\(directory)/cgroup.procs", "\(pid)") }
            try writing.writeAll([0])
        } catch {
            // It may have ended by itself: it is gone either way.
            try? process.signal(SIGKILL)
            _ = try? process.waitForEnd()
            throw error
        }
        return .parent(process: pid, descriptor: process)
    }
}
