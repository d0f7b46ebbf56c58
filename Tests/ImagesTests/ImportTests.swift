import Linux
import OCI
import TestKit
import Testing

@testable import Images

@Suite(.blocking) struct ImportTests {
    private func importing(_ test: TestStore, _ changes: [String] = [], reference: String? = "own:1") async throws
        -> ImageRecord
    {
        var tar = Tar()
        tar.add("bin/sh", text: "sh")
        let path = test.store.ingestPath("import")
        try Files.write(path, tar.finished)
        defer { try? Files.remove(path) }  // the store's sweep would have it
        let id = try await test.store.importArchive(path, changes: changes, message: "why", reference: reference)
        return try await test.store.image(named: "\(id)")
    }

    @Test func aTarArchiveBecomesAnImageOfOneLayer() async throws {
        let test = try TestStore()
        let record = try await importing(test)
        #expect(record.references == ["own:1"])
        #expect(record.layers.count == 1 && record.configuration.diffIDs == record.layers.map(\.diffID))
        #expect(record.configuration.history.map(\.comment) == ["why"])
        let directory = try #require(try await test.store.layerDirectories(of: record.id).first)
        #expect(try Files.readText("\(directory)/bin/sh") == "sh")
    }

    @Test func changesAreApplied() async throws {
        let test = try TestStore()
        let process = try await importing(
            test,
            [
                "CMD [\"a\", \"b c\"]", "ENTRYPOINT run it", "ENV A=1", "env B two words", "ENV A=3 C=\"x y\"",
                "LABEL a=b \"c d\"=\"e f\"", "EXPOSE 80 53/udp", "USER app:crew", "WORKDIR /srv", "VOLUME [\"/a\"]",
                "VOLUME /b /c", "STOPSIGNAL SIGINT", "ONBUILD RUN x",
            ]
        ).configuration.process
        #expect(process.command == ["a", "b c"])
        #expect(process.entrypoint == ["/bin/sh", "-c", "run it"])
        #expect(process.environment == ["B=two words", "A=3", "C=x y"])
        #expect(process.labels == ["a": "b", "c d": "e f"])
        #expect(process.exposedPorts == ["53/udp", "80/tcp"])
        #expect(process.user == "app:crew")
        #expect(process.workingDirectory == "/srv")
        #expect(process.volumes == ["/a", "/b", "/c"])
        #expect(process.stopSignal == "SIGINT")
        #expect(process.onBuild == ["RUN x"])
    }

    @Test(arguments: ["RUN x", "CMD", "CMD [1]", "CMD [\"a\"", "", "ENV \"A"])
    func aChangeThatIsNoneIsRefused(change: String) async throws {
        let test = try TestStore()
        await #expect(throws: ImageError.self) { _ = try await importing(test, [change]) }
        #expect(try test.content() == [])
    }
}
