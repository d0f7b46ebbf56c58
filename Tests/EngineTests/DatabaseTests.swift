import Foundation
import Testing

@testable import Engine

@Suite struct DatabaseTests {
    private func withDatabase(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "eng-db-\(Identifier.random().prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "test.db").path)
    }

    @Test func keepsContainersOverARestart() throws {
        try withDatabase { path in
            var specification = ContainerSpecification(image: "i")
            specification.document = Array(#"{"Image":"i"}"#.utf8)
            specification.isolation = .machine(name: "m")
            specification.restart = .onFailure(maximumRetries: 3)
            var record = ContainerRecord(
                id: "1", name: "web", created: 5, specification: specification,
                resolved: ConfigurationBuilderTests.resolved(specification), life: ContainerLife())
            let volume = VolumeRecord(
                name: "v", mountpoint: "/v", created: 1, labels: ["a": "b"], options: [:], anonymous: true,
                filled: false)
            do {
                let database = try Database(path: path)
                try database.insert(record, volumes: [volume])
                record.life.state = .running(Run(process: 9, startedAt: 10))
                try database.update("1", record.life)
                #expect(throws: EngineError.self) { try database.insert(record, volumes: []) }
            }
            let database = try Database(path: path)
            #expect(try database.containers() == [record])
            #expect(try database.volumes() == [volume])
            try database.delete("1", volumes: ["v"])
            #expect(try database.containers().isEmpty)
            #expect(try database.volumes().isEmpty)
        }
    }

    @Test func keepsSettings() throws {
        try withDatabase { path in
            let first = try Database(path: path).setting("identifier") { "x" }
            let second = try Database(path: path).setting("identifier") { "y" }
            #expect(first == "x")
            #expect(second == "x")
        }
    }
}
