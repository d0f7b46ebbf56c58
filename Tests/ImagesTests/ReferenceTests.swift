import OCI
import Testing

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("busybox", "docker.io/library/busybox:latest", "busybox:latest"),
        ("team/app:1.2", "docker.io/team/app:1.2", "team/app:1.2"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("registry.example:5000/a/b:c", "registry.example:5000/a/b:c", "registry.example:5000/a/b:c"),
        ("index.docker.io/library/x", "docker.io/library/x:latest", "x:latest"),
    ])
    func namesAreCompletedAndShortened(text: String, full: String, short: String) throws {
        let reference = try #require(Reference(text))
        #expect(reference.description == full)
        #expect(reference.familiar == short)
    }

    @Test(arguments: ["", "Busybox", "a//b", "a:", "a:b:c", "-a/b", "a..b", "a_-b", "x@sha256:12", "a b", "../x"])
    func whatIsNoNameIsRefused(text: String) {
        #expect(Reference(text) == nil)
    }

    @Test func aDigestAloneHasNoTag() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        let reference = try #require(Reference("busybox@\(digest)"))
        #expect(reference.tag == nil)
        #expect(reference.familiar == "busybox@\(digest)")
    }
}
