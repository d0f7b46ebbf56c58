internal import CLinux
internal import Glibc

/// The calling process's own program.
public enum Program {
    /// Replaces the program. Returns only with an error.
    public static func execute(_ path: String, arguments: [String], environment: [String]) -> SystemError {
        // unsafe because exec takes arrays of C strings, which live until the call fails
        unsafe CStringArray.with(arguments) { arguments in
            // unsafe because exec takes arrays of C strings, which live until the call fails
            _ = unsafe CStringArray.with(environment) { unsafe execve(path, arguments, $0) }
        }
        return .last("exec", path)
    }

    /// Ends the calling process at once, without anything that would be done at its exit.
    public static func exitNow(_ code: Int32) -> Never { _exit(code) }

    /// Signals have their default action and none is blocked.
    public static func resetSignals() { bh_signal_defaults() }

    /// Makes `target` another name of the open file `source`; not closed on exec.
    public static func duplicate(_ source: Int32, to target: Int32) throws(SystemError) {
        if source == target {
            try SystemError.check(bh_fcntl(source, F_SETFD, 0), "fcntl")
        } else {
            try SystemError.check(dup2(source, target), "dup2")
        }
    }

    /// A new session, whose leader is the calling process.
    public static func startSession() throws(SystemError) { try SystemError.check(setsid(), "setsid") }

    /// Changes the working directory.
    public static func changeDirectory(_ path: String) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chdir(path), "chdir", path)
    }

    /// The path of the present directory, as its bytes are.
    static func directory() throws(SystemError) -> [UInt8] {
        var bytes = [CChar](repeating: 0, count: 4096)
        // unsafe because getcwd fills the array through a pointer, up to a zero
        guard unsafe getcwd(&bytes, bytes.count) != nil else { throw .last("find the path of the present directory") }
        return bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }

    /// Changes the working directory to what a descriptor stands for.
    public static func changeDirectory(to directory: borrowing Descriptor) throws(SystemError) {
        try SystemError.check(fchdir(directory.rawValue), "fchdir")
    }

    /// Sets the host name of the UTS namespace.
    public static func setHostname(_ name: String) throws(SystemError) {
        // unsafe because the name is a C string; it lives for the call
        try SystemError.check(unsafe bh_sethostname(name, name.utf8.count), "sethostname", name)
    }

    /// Sets the NIS domain name of the UTS namespace.
    public static func setDomainname(_ name: String) throws(SystemError) {
        // unsafe because the name is a C string; it lives for the call
        try SystemError.check(unsafe bh_setdomainname(name, name.utf8.count), "setdomainname", name)
    }

    /// Sets an interface of the calling process's network namespace up.
    public static func setInterfaceUp(_ name: String) throws(SystemError) {
        // unsafe because the name is a C string; it lives for the call
        try SystemError.check(unsafe bh_interface_up(name), "set up the interface", name)
    }

    /// Overwrites the environment that the program was started with: whoever may look into a process sees it there.
    public static func forgetEnvironment() { bh_forget_environment() }

    /// The calling process's number.
    public static var number: Int32 { getpid() }

    /// The path of the program itself.
    public static func path() throws(SystemError) -> String {
        try Files.target(ofLink: "/proc/self/exe")
    }

    /// Gives a descriptor's pipe to a user, so that the user can open it again; anything else is left alone.
    public static func setOwner(ofPipe number: Int32, user: UInt32) {
        guard let status = try? FileStatus(of: number), status.kind == .pipe else { return }
        // The program works without: only opening /dev/stdout anew would be refused.
        _ = fchown(number, user, status.group)
    }
}
