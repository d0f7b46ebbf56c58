/// What a mount allows, as mount_setattr(2) knows it; the same set is used for mount(2).
public struct MountAttributes: OptionSet, Sendable, Hashable {
    /// The kernel's MOUNT_ATTR_* bits.
    public let rawValue: UInt64
    /// From the kernel's bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Nothing can be written.
    public static let readOnly = MountAttributes(rawValue: 0x01)
    /// Set-user-id bits have no effect.
    public static let noSetUserID = MountAttributes(rawValue: 0x02)
    /// Device nodes can't be opened.
    public static let noDevices = MountAttributes(rawValue: 0x04)
    /// Programs can't be executed.
    public static let noExecute = MountAttributes(rawValue: 0x08)
    /// Access times are never updated.
    public static let noAccessTime = MountAttributes(rawValue: 0x10)
    /// Access times are always updated.
    public static let strictAccessTime = MountAttributes(rawValue: 0x20)
    /// The mask of the access time settings; none of them: relative.
    public static let accessTime = MountAttributes(rawValue: 0x70)
    /// Access times of directories are not updated.
    public static let noDirectoryAccessTime = MountAttributes(rawValue: 0x80)
    /// Symbolic links are not followed.
    public static let noSymbolicLinks = MountAttributes(rawValue: 0x200000)
}

/// How mounts and unmounts travel between copies of a tree (mount_namespaces(7)).
public enum MountPropagation: UInt64, Sendable {
    /// Not at all.
    case `private` = 0x40000
    /// From the original to the copy.
    case slave = 0x80000
    /// Both ways.
    case shared = 0x100000
    /// Not at all, and no copies can be made.
    case unbindable = 0x20000
}

/// The flags of mount(2) that a new file system is mounted with.
public struct MountFlags: OptionSet, Sendable, Hashable {
    /// The kernel's MS_* bits.
    public let rawValue: UInt
    /// From the kernel's bits.
    public init(rawValue: UInt) { self.rawValue = rawValue }
    /// MS_RDONLY.
    public static let readOnly = MountFlags(rawValue: 0x1)
    /// MS_NOSUID.
    public static let noSetUserID = MountFlags(rawValue: 0x2)
    /// MS_NODEV.
    public static let noDevices = MountFlags(rawValue: 0x4)
    /// MS_NOEXEC.
    public static let noExecute = MountFlags(rawValue: 0x8)
    /// MS_SYNCHRONOUS.
    public static let synchronous = MountFlags(rawValue: 0x10)
    /// MS_MANDLOCK.
    public static let mandatoryLocks = MountFlags(rawValue: 0x40)
    /// MS_DIRSYNC.
    public static let synchronousDirectories = MountFlags(rawValue: 0x80)
    /// MS_NOSYMFOLLOW.
    public static let noSymbolicLinks = MountFlags(rawValue: 0x100)
    /// MS_NOATIME.
    public static let noAccessTime = MountFlags(rawValue: 0x400)
    /// MS_NODIRATIME.
    public static let noDirectoryAccessTime = MountFlags(rawValue: 0x800)
    /// MS_BIND.
    public static let bind = MountFlags(rawValue: 0x1000)
    /// MS_REC.
    public static let recursive = MountFlags(rawValue: 0x4000)
    /// MS_SILENT.
    public static let silent = MountFlags(rawValue: 0x8000)
    /// MS_RELATIME.
    public static let relativeAccessTime = MountFlags(rawValue: 0x200000)
    /// MS_I_VERSION.
    public static let version = MountFlags(rawValue: 0x800000)
    /// MS_STRICTATIME.
    public static let strictAccessTime = MountFlags(rawValue: 0x1000000)
    /// MS_LAZYTIME.
    public static let lazyTime = MountFlags(rawValue: 0x2000000)
}
