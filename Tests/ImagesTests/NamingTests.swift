import Linux
import OCI
import Testing

@testable import Images

@Suite struct ImageNamingTests {
    @Test func namesIdentifiersAndTheirBeginningsLeadToTheImage() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        let id = image.id
        for name in [
            "test", "test:latest", "docker.io/library/test", "docker.io/library/test:latest", "\(id)", id.hexadecimal,
            id.short, "sha256:\(id.short)",
        ] {
            #expect(try await test.store.image(named: name).id == id, "\(name)")
        }
        for name in ["test:other", "other", "", "UPPER", "sha256:", "test@\(id)"] {
            await #expect(throws: ImageError.self, "\(name)") { _ = try await test.store.image(named: name) }
        }
    }

    @Test func aBeginningOfTwoIdentifiersIsRefused() async throws {
        let test = try TestStore()
        // 17 images: two begin with the same digit
        for number in 0..<17 { try await test.load(TestImage(text: "\(number)", names: []).dockerArchive) }
        let firsts = await test.store.list().map { String($0.id.hexadecimal.prefix(1)) }
        let doubled = try #require(firsts.first { first in firsts.count { $0 == first } > 1 })
        await #expect(throws: ImageError.ambiguous(doubled)) { _ = try await test.store.image(named: doubled) }
    }

    @Test func aTagIsAFurtherName() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        try await test.store.tag("test", as: "registry.example:5000/team/app:v1")
        let names = ["registry.example:5000/team/app:v1", "test:latest"]
        #expect(try await test.store.image(named: "test").references == names)
        #expect(try await test.reopened().image(named: image.id.short).references == names)
        await #expect(throws: ImageError.invalidReference("Bad:Name:x")) {
            try await test.store.tag("test", as: "Bad:Name:x")
        }
    }

    @Test func removingANameKeepsTheImageUntilTheLast() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        try await test.store.tag("test", as: "other:1")
        await #expect(throws: ImageError.self) {
            _ = try await test.store.remove(image.id.short, force: false) { _ in nil }
        }
        #expect(try await test.store.remove("other:1", force: false) { _ in nil } == [.untagged("other:1")])
        await #expect(throws: ImageError.self) {
            _ = try await test.store.remove("test", force: false) { _ in "image is being used by stopped container x" }
        }
        let removed = try await test.store.remove(image.id.short, force: false) { _ in nil }
        #expect(removed == [.untagged("test:latest"), .deleted(image.id)])
        #expect(try test.content() == [])
    }

    @Test func severalTagsOfOneRepositoryGoTogetherByIdentifier() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        try await test.store.tag("test", as: "test:two")
        let removed = try await test.store.remove(image.id.short, force: false) { _ in nil }
        #expect(removed == [.untagged("test:latest"), .untagged("test:two"), .deleted(image.id)])
    }

    @Test(arguments: [
        ("busybox", "docker.io/library/busybox:latest", "busybox:latest"),
        ("team/app:1", "docker.io/team/app:1", "team/app:1"),
        ("index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"),
        ("localhost/x", "localhost/x:latest", "localhost/x:latest"),
        ("host:5000/x:t", "host:5000/x:t", "host:5000/x:t"),
    ])
    func referencesAreCompletedAndShortened(text: String, full: String, familiar: String) throws {
        let reference = try #require(Reference(text))
        #expect("\(reference)" == full)
        #expect(reference.familiar == familiar)
    }

    @Test(arguments: [
        "", ":x", "a:", "A", "a//b", "/a", "a/", "a b", "a..b", "-a", "a@sha256:12", "host:99999/x", "a:\u{e9}",
    ])
    func whatIsNoReferenceIsRefused(text: String) { #expect(Reference(text) == nil) }
}
