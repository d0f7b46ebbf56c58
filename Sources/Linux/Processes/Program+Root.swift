internal import Glibc

extension Program {
    /// Makes the working directory the root for every path of the calling process. Mounts stay as they are: whoever may
    /// call chroot(2) can leave it again.
    public static func changeRoot() throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chroot("."), "chroot")
    }
}
