internal import CLinux
internal import Glibc

/// The file system of processes and kernel parameters, proc(5).
public enum ProcessFileSystem {
    private static let magic: UInt64 = 0x9FA0

    /// Whether an open file, or a handle on one, belongs to it.
    public static func contains(_ file: borrowing Descriptor) -> Bool {
        bh_file_system_type_of(file.rawValue) == magic
    }

    /// Writes to a file of the one that is mounted on /proc, `self/oom_score_adj`.
    public static func set(_ path: String, _ text: String) throws(SystemError) {
        let file = try open(path)
        do { try file.writeAll(text) } catch { throw SystemError("write", "/proc/\(path)", code: error.code) }
    }

    /// Opens a file of the one that is mounted on /proc for writing.
    ///
    /// What is mounted there must be such a file system, its root, and nothing mounted within is crossed on the way to
    /// the file: else what is meant for a harmless file could be led into /proc/sysrq-trigger (CVE-2025-52881).
    public static func open(_ path: String) throws(SystemError) -> Descriptor {
        let root = try Descriptor.open("/proc", [.path, .directory])
        guard contains(root), try FileStatus(of: root.rawValue).inode == 1 else {
            throw SystemError("write to what is no process file system:", "/proc", code: EXDEV)
        }
        if !NewerCall.openat2.isMissing {
            do {
                let number = try SystemError.retrying("open", "/proc/\(path)") {
                    // unsafe because the path is a C string; it lives for the call. Beneath, no magic links, no other
                    // mounts.
                    unsafe bh_openat2(
                        root.rawValue, path, UInt64(UInt32(bitPattern: O_WRONLY | O_CLOEXEC)), 0, 0x08 | 0x02 | 0x01)
                }
                return Descriptor(adopting: number)
            } catch  where NewerCall.openat2.isMissing(after: error.code) {}
        }
        do { return try RootWalk.open(path, in: root, .writeOnly, .oneMount) } catch {
            throw SystemError("open", "/proc/\(path)", code: error.code)
        }
    }
}
