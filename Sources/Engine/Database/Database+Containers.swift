import Foundation
import GRDB

extension Database {
    /// Every container.
    func containers() throws(EngineError) -> [ContainerRecord] {
        try read("read the containers") { database in
            try Row.fetchAll(database, sql: "SELECT * FROM containers").map { row in
                var specification = try Database.decode(ContainerSpecification.self, row["specification"])
                specification.document = Array(row["document"] as Data)
                return ContainerRecord(
                    id: row["id"], name: row["name"], created: row["created"], specification: specification,
                    resolved: try Database.decode(ResolvedContainer.self, row["resolved"]),
                    life: try Database.decode(ContainerLife.self, row["life"]))
            }
        }
    }

    /// Adds a container and the volumes that came with it.
    func insert(_ record: ContainerRecord, volumes: [VolumeRecord]) throws(EngineError) {
        try write("record the container \(record.id)") { database in
            for volume in volumes { try Database.save(volume, database) }
            var specification = record.specification
            specification.document = []
            try database.cachedStatement(
                sql:
                    "INSERT INTO containers (id, name, created, specification, document, resolved, life) VALUES (?,?,?,?,?,?,?)"
            ).execute(arguments: [
                record.id, record.name, record.created, try Database.encode(specification),
                Data(record.specification.document), try Database.encode(record.resolved),
                try Database.encode(record.life),
            ])
        }
    }

    /// Writes what has changed in a container's life.
    func update(_ id: String, _ life: ContainerLife) throws(EngineError) {
        try write("record the state of container \(id)") { database in
            try database.cachedStatement(sql: "UPDATE containers SET life = ? WHERE id = ?")
                .execute(arguments: [try Database.encode(life), id])
        }
    }

    /// Gives a container another name.
    func rename(_ id: String, to name: String) throws(EngineError) {
        try write("rename the container \(id)") { database in
            try database.execute(sql: "UPDATE containers SET name = ? WHERE id = ?", arguments: [name, id])
        }
    }

    /// Forgets a container and volumes.
    func delete(_ id: String, volumes: [String]) throws(EngineError) {
        try write("forget the container \(id)") { database in
            try database.cachedStatement(sql: "DELETE FROM containers WHERE id = ?").execute(arguments: [id])
            for volume in volumes {
                try database.execute(sql: "DELETE FROM volumes WHERE name = ?", arguments: [volume])
            }
        }
    }
}

extension Database {
    /// Every volume.
    func volumes() throws(EngineError) -> [VolumeRecord] {
        try read("read the volumes") { database in
            try Data.fetchAll(database, sql: "SELECT record FROM volumes").map {
                try Database.decode(VolumeRecord.self, $0)
            }
        }
    }

    /// Adds or changes a volume.
    func save(_ volume: VolumeRecord) throws(EngineError) {
        try write("record the volume \(volume.name)") { try Database.save(volume, $0) }
    }

    /// Forgets a volume.
    func delete(volume name: String) throws(EngineError) {
        try write("forget the volume \(name)") { database in
            try database.execute(sql: "DELETE FROM volumes WHERE name = ?", arguments: [name])
        }
    }

    fileprivate static func save(_ volume: VolumeRecord, _ database: GRDB.Database) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO volumes (name, record) VALUES (?, ?)")
            .execute(arguments: [volume.name, try Database.encode(volume)])
    }

    /// Every machine.
    func machines() throws(EngineError) -> [MachineRecord] {
        try read("read the machines") { database in
            try Data.fetchAll(database, sql: "SELECT record FROM machines").map {
                try Database.decode(MachineRecord.self, $0)
            }
        }
    }

    /// Adds or changes a machine.
    func save(_ machine: MachineRecord) throws(EngineError) {
        try write("record the machine \(machine.specification.name)") { database in
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO machines (id, name, record) VALUES (?, ?, ?)")
                .execute(arguments: [machine.id, machine.specification.name, try Database.encode(machine)])
        }
    }

    /// Forgets a machine.
    func delete(machine id: String) throws(EngineError) {
        try write("forget the machine \(id)") { database in
            try database.execute(sql: "DELETE FROM machines WHERE id = ?", arguments: [id])
        }
    }
}
