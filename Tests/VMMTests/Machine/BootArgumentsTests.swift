import Linux
import Testing

@testable import VMM

/// The words of `bulkhead-vmm --boot`.
struct BootArgumentsTests {
    @Test func aKernelAloneHasTheDefaults() throws {
        let arguments = try BootArguments(["/k"])
        #expect(arguments.kernel == "/k")
        #expect(arguments.mebibytes == 256)
        #expect(arguments.processors == 1)
        #expect(arguments.hasSerialPort)
        #expect(arguments.disks.isEmpty)
    }

    @Test func devicesComeInTheOrderInWhichTheyAreNamed() throws {
        let arguments = try BootArguments([
            "/k", "--disk", "/a", "--disk", "/b,ro,direct,queues=2", "--pmem", "/p,ro", "--tap", "t0", "--tap",
            "t1,02:00:00:00:00:09", "--vsock", "3:/run/v", "--share", "code:/s", "--console", "log:/c", "--balloon",
        ])
        #expect(
            arguments.disks == [
                .init(path: "/a"), .init(path: "/b", isReadOnly: true, isDirect: true, queues: 2),
            ])
        #expect(arguments.persistentMemories == [.init(path: "/p", isReadOnly: true)])
        #expect(arguments.networks.map(\.tap) == ["t0", "t1"])
        #expect(arguments.networks.map { "\($0.hardwareAddress)" } == ["02:62:6b:00:00:00", "02:00:00:00:00:09"])
        #expect(arguments.sockets == .init(context: 3, prefix: "/run/v"))
        #expect(arguments.shares == [.init(name: "code", socket: "/s")])
        #expect(arguments.ports == [.init(name: "log", socket: "/c")])
        #expect(arguments.hasBalloon)
    }

    @Test(
        arguments: [
            [], ["--disk", "/a"], ["/k", "--memory", "much"], ["/k", "--memory"], ["/k", "--speed", "9"],
            ["/k", "--disk", "/a,rw"], ["/k", "--disk", "/a,queues=0"], ["/k", "--pmem", "/p,direct"],
            ["/k", "--tap", "t,02:00"], ["/k", "--vsock", "three:/v"], ["/k", "--share", "code"],
        ])
    func whatIsNotUnderstoodIsRefused(words: [String]) {
        #expect(throws: VMMError.self) { try BootArguments(words) }
    }
}
