import Testing

@testable import ContainerRuntime

/// Where systemd puts a unit (systemd.slice(5)): that is how a container is found that was never finished.
@Suite("systemd's places") struct SystemdPlaceTests {
    @Test(
        arguments: [
            (nil, "bulkhead-c1.scope", "/system.slice/bulkhead-c1.scope"),
            ("", "bulkhead-c1.scope", "/system.slice/bulkhead-c1.scope"),
            ("machine.slice:libpod:abc", "libpod-abc.scope", "/machine.slice/libpod-abc.scope"),
            ("a-b-c.slice:cri:x", "cri-x.scope", "/a.slice/a-b.slice/a-b-c.slice/cri-x.scope"),
            ("-.slice::x", "x.scope", "/x.scope"),
        ] as [(String?, String, String)])
    func unitsOfTheSystem(_ path: String?, _ unit: String, _ group: String) throws {
        let place = try SystemdPlace(path, id: "c1", isOfUser: false)
        #expect(place.unit == unit && place.controlGroup == group)
    }

    @Test(arguments: ["/plain", "a:b", "a.slice:b:c:d", "a:b:c", "a.slice:b:", "a.slice:b/c:d", "a/b.slice:c:d"])
    func whatIsNoPlaceIsRefusedByName(_ path: String) {
        let error = #expect(throws: RuntimeError.self) { try SystemdPlace(path, id: "c1", isOfUser: false) }
        #expect(error?.description.hasPrefix("linux.cgroupsPath: ") == true)
    }
}
