internal import CLinux
internal import Glibc

/// What only the first process of a machine does.
public enum FirstProcess {
    /// Loads a module of the kernel; one that is loaded or built in already is fine.
    public static func loadModule(_ path: String, parameters: String = "") throws(SystemError) {
        let file = try Descriptor.open(path)
        // unsafe because the parameters are a C string; it lives for the call
        let result = unsafe bh_load_module(file.rawValue, parameters)
        if result < 0 && errno == EEXIST { return }
        try SystemError.check(result, "load the module", path)
    }

    /// Makes a directory that is the root of a mount the root of everything, in place of the initial file system,
    /// which pivot_root(2) can't replace.
    public static func moveRoot(to path: String) throws(SystemError) {
        try Program.changeDirectory(path)
        try Mount.mount(".", at: "/", type: "", MountFlags(rawValue: 0x2000 /* MS_MOVE */))
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chroot("."), "chroot", path)
        try Program.changeDirectory("/")
    }

    /// Writes everything that is not on the disks yet.
    public static func synchronizeDisks() { sync() }

    /// Sends a signal to every other process there is.
    public static func signalAll(_ number: Int32) { kill(-1, number) }

    /// Turns the machine off, or restarts it where that can't be done; returns only where both fail.
    public static func powerOff() {
        _ = bh_reboot(0)
        _ = bh_reboot(1)
    }

    /// A descriptor that is readable whenever a device has come, gone or changed; to be read empty.
    public static func deviceEvents() throws(SystemError) -> Descriptor {
        Descriptor(adopting: try SystemError.check(bh_device_events(), "listen to the kernel's devices"))
    }

    /// A child that has ended and has not been reaped, be it an orphan from elsewhere; nil for none.
    public static func endedChild() throws(SystemError) -> Int32? {
        let child = try SystemError.check(bh_ended_child(), "wait")
        return child == 0 ? nil : child
    }

    /// Reaps it.
    public static func reap(_ child: Int32) throws(SystemError) { try SystemError.check(bh_reap(child), "wait") }
}
