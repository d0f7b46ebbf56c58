internal import Linux

/// Writable disks of machines.
public enum DiskImage {
    private static let places = ["/usr/sbin/mke2fs", "/sbin/mke2fs", "/usr/bin/mke2fs"]

    /// Makes a sparse ext4 file system of that size in bytes; what exists at the path is replaced.
    ///
    /// It takes room as the guest writes. Tables of inodes are left to be written when they are first used.
    public static func create(_ path: String, size: UInt64) throws(MachineError) {
        guard let program = places.first(where: { Files.exists($0) }) else {
            throw MachineError(.missing, "mke2fs: not there; install e2fsprogs")
        }
        do {
            let temporary = "\(path).new"
            try Files.write(temporary, [], mode: 0o600)
            let output = try PipePair()
            let number = try Spawn.process(
                path: program,
                arguments: [
                    "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-i", "65536",
                    // A file system of this age needs no check, and one for containers no room for the superuser.
                    "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0", "-J", "size=16",
                    temporary, "\(size >> 10)k",
                ],
                descriptors: [(2, output.writing.rawValue)])
            let process = try ProcessDescriptor(process: number)
            _ = consume output.writing
            let message = try output.reading.readAll()
            guard try process.waitForEnd() == .exited(code: 0) else {
                // Left behind, it only takes room.
                try? Files.remove(temporary)
                throw MachineError(.failed, "mke2fs \(path): \(String(decoding: message, as: UTF8.self))")
            }
            try Files.rename(temporary, to: path)
        } catch let error as MachineError {
            throw error
        } catch {
            throw MachineError(.failed, "disk \(path): \(error)")
        }
    }
}
