import Glibc
import Linux
import OCI
import TestKit
import Testing
import Wire

/// CVE-2019-5736: whoever gets hold of the monitor's file through a process of a container that it has become must not
/// be able to write to it.
@Suite(.enabled(if: getuid() == 0), .blocking, .serialized) struct ProgramFileTests {
    @Test func theMonitorRunsFromAReadOnlyMountOrASealedFile() throws {
        let fixture = try MonitorFixture()
        try fixture.control.demand(.create(fixture.setup(["echo", "done"])))
        var status = statvfs()
        #expect(statvfs("/proc/\(fixture.monitor)/exe", &status) == 0)
        let seals = try #require(fixture.seals)
        #expect(status.f_flag & UInt(ST_RDONLY) != 0 || seals & 0xF == 0xF)
        try fixture.control.demand(.start(interfaces: []))
        #expect(try fixture.control.exit().status == .exited(code: 0))
        try fixture.waitForMonitor()
    }
}

extension MonitorFixture {
    /// F_GET_SEALS of its program; 0 for a file that can't be sealed.
    fileprivate var seals: Int32? {
        let file = open("/proc/\(monitor)/exe", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return max(fcntl(file, 1034, 0), 0)
    }
}
