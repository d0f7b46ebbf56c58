import Glibc
import Linux
import TestKit
import Testing

@Suite("Network namespaces that are made meanwhile", .blocking, .enabled(if: isSuperuser))
struct NetworkNamespaceMakerTests {
    @Test func itIsAnotherOneWithItsLoopbackInterfaceUp() throws {
        let answer = try TestNamespace().run {
            let own = FileStatus("/proc/thread-self/ns/net")?.inode
            let made = try NetworkNamespaceMaker().finish()
            #expect(try FileStatus(of: made.rawValue).inode != own)
            try Namespaces.join(made.rawValue, .network)
            return try connect(to: "127.0.0.1")
        }
        #expect(answer == ECONNREFUSED)
    }

    @Test func oneThatNobodyAsksForIsGone() throws {
        let namespace = try TestNamespace()
        let children = try namespace.run {
            _ = try NetworkNamespaceMaker()
            return try Files.readText("/proc/thread-self/children")
        }
        #expect(children.isEmpty)
    }

    @Test func itIsRefusedWithoutPrivileges() throws {
        let error = try TestNamespace().run {
            // Of this thread alone, which ends with the test.
            try CapabilitySet.set(effective: [], permitted: [], inheritable: [])
            return #expect(throws: SystemError.self) { _ = try NetworkNamespaceMaker().finish() }
        }
        #expect(error?.code == EPERM)
    }

    /// The error number of a connection to a port where nobody listens.
    private func connect(to address: String) throws -> Int32 {
        let socket = Descriptor(adopting: Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(1).bigEndian
        name.sin_addr.s_addr = try #require(IPv4Address(address)).value.bigEndian
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return code == 0 ? 0 : errno
    }
}
