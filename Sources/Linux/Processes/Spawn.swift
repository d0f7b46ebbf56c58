internal import CLinux
internal import Glibc

/// Starts helper programs, without the daemon ever forking itself.
public enum Spawn {
    /// Starts a program.
    ///
    /// `descriptors` says which of ours it gets under which number; of 0 to 2, those not named are /dev/null; nothing
    /// else is passed on. All its signals have their default action. `name` is its own name for itself, its path where
    /// that is nil.
    ///
    /// - Returns: the number of the new process, to be waited for.
    public static func process(
        path: String, arguments: [String], environment: [String] = [], name: String? = nil,
        descriptors: [(child: Int32, parent: Int32)] = [], newSession: Bool = false
    ) throws(SystemError) -> Int32 {
        let sources = descriptors.map { $0.parent }
        let targets = descriptors.map { $0.child }
        let count = Int32(truncatingIfNeeded: descriptors.count)
        var pid: Int32 = 0
        // unsafe because the call takes C strings and arrays by pointer, all of which live until it returns
        let error = unsafe CStringArray.with([name ?? path] + arguments) { arguments in
            unsafe CStringArray.with(environment) { environment in
                unsafe bh_spawn(&pid, path, arguments, environment, sources, targets, count, newSession ? 1 : 0)
            }
        }
        guard error == 0 else { throw SystemError("execute", path, code: error) }
        return pid
    }
}

/// An array of C strings as exec wants it, for the duration of a call.
enum CStringArray {
    static func with<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        // unsafe because the copies of the strings are freed by hand once the body has returned
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer {
            // unsafe because these pointers came from strdup and are freed here only
            unsafe pointers.forEach { unsafe free($0) }
        }
        // unsafe because the base address is used within the closure only; the array is never empty
        return unsafe pointers.withUnsafeBufferPointer { buffer in
            // unsafe because the pointer is only rebound to the same type without optionality: there is a last nil
            unsafe body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }
}
