// In the place of the full language's module Glibc, for the programs in Embedded Swift, whose C library is musl: its headers,
// and what that module adds to them.
@_exported public import CLibrary

/// The error number of the last call of this thread that failed.
public var errno: Int32 {
    get { __errno_location().pointee }
    set { __errno_location().pointee = newValue }
}

// MARK: - Macros that aren't imported

/// A mode's bits that are the kind of file.
public var S_IFMT: mode_t { 0o170000 }
/// A directory.
public var S_IFDIR: mode_t { 0o040000 }
/// A regular file.
public var S_IFREG: mode_t { 0o100000 }
/// A symbolic link.
public var S_IFLNK: mode_t { 0o120000 }
/// A device of characters.
public var S_IFCHR: mode_t { 0o020000 }
/// A device of blocks.
public var S_IFBLK: mode_t { 0o060000 }
/// A named pipe.
public var S_IFIFO: mode_t { 0o010000 }
/// A socket.
public var S_IFSOCK: mode_t { 0o140000 }

/// The action that ignores a signal.
public var SIG_IGN: (@convention(c) (Int32) -> Void) { unsafeBitCast(1, to: (@convention(c) (Int32) -> Void).self) }

// MARK: - Functions with a variable number of arguments

@_extern(c, "open") private func openFile(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32
@_extern(c, "openat")
private func openFile(
    _ directory: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t
) -> Int32
@_extern(c, "fcntl") private func control(_ descriptor: Int32, _ command: Int32, _ value: Int) -> Int32
@_extern(c, "fcntl")
private func control(_ descriptor: Int32, _ command: Int32, _ value: UnsafeMutableRawPointer) -> Int32

/// open(2).
public func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    openFile(path, flags, mode)
}

/// openat(2).
public func openat(
    _ directory: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t = 0
) -> Int32 { openFile(directory, path, flags, mode) }

/// fcntl(2) with a number, or with nothing.
public func fcntl(_ descriptor: Int32, _ command: Int32, _ value: Int32 = 0) -> Int32 {
    control(descriptor, command, Int(value))
}

/// fcntl(2) with a structure, as the locks of files have it.
public func fcntl(_ descriptor: Int32, _ command: Int32, _ value: UnsafeMutableRawPointer) -> Int32 {
    control(descriptor, command, value)
}

// MARK: - What Embedded Swift's standard library lacks

/// What this program was started with.
public enum CommandLine {
    /// The arguments, ended by a null pointer; for as long as the program runs.
    public static var unsafeArgv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> { clibrary_arguments() }

    /// The arguments, the program's name among them.
    public static var arguments: [String] {
        var words: [String] = []
        var next = clibrary_arguments()
        while let word = next.pointee {
            words.append(String(cString: word))
            next += 1
        }
        return words
    }
}
