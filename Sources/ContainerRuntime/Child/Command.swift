internal import Glibc
internal import Linux

/// Finding the program to execute, in the words of runc, by which Docker's client tells 126 and 127 apart.
enum Command {
    private static let usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The path of a program in the calling process's root.
    static func find(_ name: String, environment: [String]) throws(RuntimeError) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) {
            guard let status = FileStatus(name) else { throw missing(name) }
            try check(status, name, name)
            return name
        }
        let path = environment.last { $0.hasPrefix("PATH=") }.map { $0.dropFirst(5) } ?? usualPath[...]
        var refused = false
        for directory in path.parts(between: ":", omittingEmpty: false) {
            let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
            guard let status = FileStatus(candidate), status.kind != .directory else { continue }
            if status.permissions & 0o111 != 0 { return candidate }
            refused = true
        }
        if refused { throw .commandNotExecutable("exec: \"\(name)\": permission denied") }
        throw .commandNotFound("exec: \"\(name)\": executable file not found in $PATH")
    }

    private static func check(_ status: FileStatus, _ name: String, _ path: String) throws(RuntimeError) {
        if status.kind == .directory {
            throw .commandNotExecutable("exec: \"\(name)\": is a directory: permission denied")
        }
        guard status.kind == .file, status.permissions & 0o111 != 0 else {
            throw .commandNotExecutable("exec: \"\(name)\": permission denied")
        }
    }

    private static func missing(_ name: String) -> RuntimeError {
        let reason = SystemError.last("stat", name)
        if reason.code == EACCES { return .commandNotExecutable("exec: \"\(name)\": permission denied") }
        return .commandNotFound("exec: \"\(name)\": stat \(name): \(reason.reason)")
    }

    /// What a failed exec means.
    static func failure(_ path: String, _ error: SystemError) -> RuntimeError {
        // Not there: the interpreter that the file names, for the file itself has been found.
        if error.code == ENOENT { return .commandNotFound("exec \(path): no such file or directory") }
        return .commandNotExecutable("exec \(path): \(error.reason)")
    }
}

/// The working directory of a process.
enum WorkingDirectory {
    /// Goes there; it is made where it is missing.
    static func enter(_ path: String, root: borrowing RootDirectory) throws(RuntimeError) {
        try step("change to the working directory") { () throws(SystemError) in
            if path == "/" { return try Program.changeDirectory("/") }
            let handle = try root.makeDirectories(path)
            do throws(SystemError) { try Program.changeDirectory(to: handle) } catch {
                throw SystemError("chdir", path, code: error.code)
            }
        }
    }
}
