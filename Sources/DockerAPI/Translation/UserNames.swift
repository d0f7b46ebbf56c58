import Glibc

/// Names of the host's users, as `ps` shows them.
enum UserNames {
    static func name(_ number: UInt32) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1024)
        guard getpwuid_r(number, &entry, &buffer, buffer.count, &found) == 0, let found,
            let name = found.pointee.pw_name
        else { return String(number) }
        return String(cString: name)
    }
}
