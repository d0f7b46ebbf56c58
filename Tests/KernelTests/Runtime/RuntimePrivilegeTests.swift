import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: privileges", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimePrivilegeTests {
    @Test func fiveSetsOfCapabilities() throws {
        try withBundle(script("grep Cap /proc/self/status")) { bundle throws in
            bundle.specification.process?.capabilities?.bounding = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            bundle.specification.process?.capabilities?.permitted = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            bundle.specification.process?.capabilities?.effective = ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"]
            bundle.specification.process?.capabilities?.inheritable = ["CAP_NET_BIND_SERVICE"]
            bundle.specification.process?.capabilities?.ambient = ["CAP_NET_BIND_SERVICE"]
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            #expect(
                try bundle.run().lines == [
                    "CapInh:\t0000000000000400", "CapPrm:\t0000000000000400", "CapEff:\t0000000000000400",
                    "CapBnd:\t0000000000000421", "CapAmb:\t0000000000000400",
                ])
        }
    }

    @Test(arguments: [
        ("web", "uid=33(web) gid=33(web) groups=33(web),50(extra)", "/srv/web"),
        ("33", "uid=33(web) gid=33(web) groups=33(web),50(extra)", "/srv/web"),
        ("web:root", "uid=33(web) gid=0(root) groups=0(root)", "/srv/web"),
        ("1234:5678", "uid=1234 gid=5678 groups=5678", "/"),
        ("root", "uid=0(root) gid=0(root) groups=0(root),50(extra)", "/root"),
    ])
    func userByName(_ name: String, _ identity: String, _ home: String) throws {
        try withBundle(script("id; echo $HOME")) { bundle throws in
            bundle.specification.process?.user.name = name
            #expect(try bundle.run().lines == [identity, home])
        }
    }

    @Test func unknownUsersAreNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.annotations["org.bulkhead.user"] = "ghost"
            #expect(
                try bundle.run().error.contains("unable to find user ghost: no matching entries in passwd file"))
        }
    }

    @Test func additionalGroupsAndMask() throws {
        try withBundle(script("id -G; umask; touch /tmp/f; stat -c %a /tmp/f")) { bundle throws in
            bundle.specification.process?.user = RuntimeUser(uid: 0, gid: 0, additionalGroups: [7, 8])
            bundle.specification.process?.user.umask = 0o077
            #expect(try bundle.run().lines == ["0 7 8", "0077", "600"])
        }
    }

    @Test func noNewPrivileges() throws {
        try withBundle(script("grep NoNewPrivs /proc/self/status")) { bundle throws in
            #expect(try bundle.run().lines == ["NoNewPrivs:\t0"])
            bundle.specification.process?.noNewPrivileges = true
            #expect(try bundle.run().lines == ["NoNewPrivs:\t1"])
        }
    }

    @Test(arguments: [true, false]) func filterForSystemCalls(_ noNewPrivileges: Bool) throws {
        try withBundle(script("mkdir /tmp/a || echo refused; grep -c 'Seccomp:.2' /proc/self/status")) {
            bundle throws in
            var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
            filter.calls = [.init(names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO")]
            bundle.specification.linux.seccomp = filter
            bundle.specification.process?.noNewPrivileges = noNewPrivileges
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            #expect(try bundle.run().lines == ["refused", "1"])
            // From the cache.
            #expect(try bundle.run().lines == ["refused", "1"])
        }
    }
}
