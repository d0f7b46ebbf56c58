import Dispatch
import Foundation
import Glibc
import Linux
import Synchronization

/// A network namespace of a test, with a thread in it. It is gone once nobody refers to it.
final class TestNamespace: Sendable {
    /// The number of the thread: to the kernel a thread's namespace is as good as a process's.
    let thread: Int32
    private let descriptor: Descriptor
    private let end = DispatchSemaphore(value: 0)

    /// Makes it, with its loopback interface up.
    init() throws {
        let result = Mutex<(thread: Int32, descriptor: Int32)>((0, -1))
        let ready = DispatchSemaphore(value: 0)
        let box = Box(result: result)
        let end = end
        Thread.detachNewThread {
            do {
                try Namespaces.unshare(.network)
                var socket = try NetlinkSocket()
                try socket.bringLoopbackUp()
                let descriptor = try Descriptor.open("/proc/thread-self/ns/net")
                let thread = try Files.readText("/proc/thread-self/stat").prefix { $0 != " " }
                let held = (Int32(thread) ?? -1, descriptor.release())
                box.result.withLock { $0 = held }
            } catch {
                print("make a network namespace: \(error)")
            }
            ready.signal()
            end.wait()
        }
        ready.wait()
        let (thread, number) = box.result.withLock { $0 }
        guard number >= 0 else { throw SystemError("make a network namespace", code: EPERM) }
        self.thread = thread
        descriptor = Descriptor(adopting: number)
    }

    deinit { end.signal() }

    /// A path that leads to it.
    var path: String { "/proc/\(getpid())/fd/\(descriptor.rawValue)" }

    /// Runs on a thread within it and waits for the result.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
        let box = ResultBox<R>()
        let done = DispatchSemaphore(value: 0)
        start {
            box.result.withLock { $0 = Result { try body() } }
            done.signal()
        }
        done.wait()
        guard let result = box.result.withLock({ $0 }) else { throw SystemError("join the namespace", code: EPERM) }
        return try result.get()
    }

    /// Runs on a thread of its own within it.
    func start(_ body: @escaping @Sendable () -> Void) {
        let number = descriptor.rawValue
        let joined = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // A thread that could not join answers nobody, and the test fails for that.
            try? Namespaces.join(number, .network)
            joined.signal()
            body()
        }
        joined.wait()
    }

    /// Connects it to another namespace by a pair of interfaces.
    func connect(_ name: String, _ address: IPv4Prefix, to other: TestNamespace, _ otherAddress: IPv4Prefix) throws {
        let thread = other.thread
        try run {
            var socket = try NetlinkSocket()
            try socket.addVirtualEthernet(
                VirtualEthernet(name: name, peerName: "eth0", namespace: .process(thread)), bridge: nil)
            try socket.configureInterface(name: name, addresses: [address])
        }
        try other.run {
            var socket = try NetlinkSocket()
            try socket.configureInterface(name: "eth0", addresses: [otherAddress])
        }
    }

    /// The names of its interfaces.
    func interfaces() throws -> [String] {
        try run {
            var socket = try NetlinkSocket()
            return try socket.links().map(\.name)
        }
    }

    private final class Box: Sendable {
        let result: Mutex<(thread: Int32, descriptor: Int32)>
        init(result: consuming sending Mutex<(thread: Int32, descriptor: Int32)>) { self.result = result }
    }

    private final class ResultBox<R: Sendable>: Sendable {
        let result = Mutex<Result<R, any Error>?>(nil)
    }
}
