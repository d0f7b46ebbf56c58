import Dispatch
import Foundation
import Glibc
import Linux
import Synchronization
import TestKit

/// A host that is not this one: a file system in memory with a shell, a runtime and the test's own directory, in a mount
/// namespace that one thread is in. Whatever a configuration names, be it "/", is in there.
///
/// The kernel's own file systems are this machine's: /proc, /sys and with it the control groups.
enum SmallWorld {
    /// Runs `body` in it, with the path of the runtime there, and waits for its result.
    ///
    /// - Parameter directory: what is copied, to the same path.
    static func run<R: Sendable>(
        copying directory: String, runtime: String, _ body: @escaping @Sendable (String) throws -> R
    ) throws -> R {
        let box = Box<R>()
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            box.result.withLock { $0 = Result { try enter(directory, runtime, body) } }
            done.signal()
        }
        done.wait()
        guard let result = box.result.withLock({ $0 }) else { throw SystemError("run in a small world", code: EIO) }
        return try result.get()
    }

    private final class Box<R: Sendable>: Sendable {
        let result = Mutex<Result<R, any Error>?>(nil)
    }

    private static func enter<R>(_ directory: String, _ runtime: String, _ body: (String) throws -> R) throws -> R {
        // With its mounts the thread gets a root and a working directory of its own.
        try Namespaces.unshare(.mount)
        try Mount.setPropagation(.private, at: "/", recursive: true)
        // On a directory of the test's: nobody else looks there, and the mount is in this namespace only.
        let world = "\(directory)/world"
        try Files.makeDirectory(world)
        try Mount.mount("world", at: world, type: "tmpfs", [], data: "size=256m,mode=755")
        for name in ["bin", "dev", "proc", "sys", "etc", "run", "tmp"] { try Files.makeDirectory("\(world)/\(name)") }
        try Command.copy("/bin/busybox", to: "\(world)/bin/busybox")
        for name in ["sh", "cp", "true", "false", "sleep"] { symlink("busybox", "\(world)/bin/\(name)") }
        try Command.copy(runtime, to: "\(world)/bin/runtime")
        for (name, minor) in [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)]
            as [(String, UInt32)]
        {
            guard mknod("\(world)/dev/\(name)", S_IFCHR | 0o666, dev_t(RootDirectory.deviceNumber(1, minor))) == 0
            else {
                throw SystemError.last("make the device", name)
            }
        }
        for name in ["proc", "sys"] {
            let tree = try Mount.cloneTree(at: "/\(name)", recursive: true)
            try Mount.attach(tree, on: try Descriptor.open("\(world)/\(name)", [.path, .directory]))
        }
        try copy(directory, below: world)
        try Program.changeDirectory(world)
        try Mount.pivotToCurrentDirectory()
        return try body("/bin/runtime")
    }

    /// Everything in the directory but the world itself, to the same path within.
    private static func copy(_ directory: String, below world: String) throws {
        try Files.makeDirectories("\(world)\(directory)")
        for name in try Files.entries(of: directory) where name != "world" {
            let copying = try Spawn.process(
                path: "/bin/cp", arguments: ["-a", "\(directory)/\(name)", "\(world)\(directory)/"])
            guard try ProcessDescriptor(process: copying).waitForEnd() == .exited(code: 0) else {
                throw SystemError("copy", "\(directory)/\(name)", code: EIO)
            }
        }
    }
}
