import Foundation
import GRDB

/// What the daemon knows, on disk. It says what exists: a directory without a row is swept, never the other way round.
///
/// Write-ahead log with `synchronous=NORMAL`: a commit costs no fsync and survives the daemon's death at any
/// instruction, because the pages are the kernel's by then; after a power cut the database is consistent and may lack the
/// last transactions. Nothing runs then that they could speak of; what must survive (images, exit records) is written
/// durably by others.
final class Database: Sendable {
    private let queue: DatabaseQueue

    /// Opens or creates it.
    init(path: String) throws(EngineError) {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA synchronous = NORMAL;
                    PRAGMA cache_size = -256;
                    PRAGMA foreign_keys = ON;
                    """)
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try Database.migrator.migrate(queue)
        } catch {
            throw EngineError(.internal, "open the database \(path): \(error)")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 containers, volumes, machines") { database in
            try database.execute(
                sql: """
                    CREATE TABLE containers (
                        id TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL UNIQUE,
                        created INTEGER NOT NULL,
                        specification BLOB NOT NULL,
                        document BLOB NOT NULL,
                        resolved BLOB NOT NULL,
                        life BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE volumes (name TEXT PRIMARY KEY NOT NULL, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
                    CREATE TABLE machines (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, record BLOB NOT NULL)
                        STRICT, WITHOUT ROWID;
                    CREATE TABLE settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    /// Runs one transaction.
    func write<T>(_ doing: String, _ body: (GRDB.Database) throws -> T) throws(EngineError) -> T {
        do {
            return try queue.write(body)
        } catch {
            throw EngineError(.internal, "\(doing): \(error)")
        }
    }

    /// Reads.
    func read<T>(_ doing: String, _ body: (GRDB.Database) throws -> T) throws(EngineError) -> T {
        do {
            return try queue.read(body)
        } catch {
            throw EngineError(.internal, "\(doing): \(error)")
        }
    }

    /// The value of a setting, made up and kept the first time.
    func setting(_ name: String, default make: () -> String) throws(EngineError) -> String {
        try write("read the setting \(name)") { database in
            if let value = try String.fetchOne(
                database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
            {
                return value
            }
            let value = make()
            try database.execute(sql: "INSERT INTO settings VALUES (?, ?)", arguments: [name, value])
            return value
        }
    }

    static func encode(_ value: some Encodable) throws -> Data { try JSONEncoder().encode(value) }

    static func decode<T: Decodable>(_ type: T.Type, _ data: Data) throws -> T {
        try JSONDecoder().decode(type, from: data)
    }
}
