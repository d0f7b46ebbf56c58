import Foundation
import Glibc
import Linux

@testable import VMM

/// The tests' own guest (`Guest/`), compiled once for each way of entering it.
enum GuestProgram {
    /// How it is entered.
    enum Entry: CaseIterable {
        /// An ELF file with a PVH note.
        case pvh
        /// An ELF file without: its 64-bit entry.
        case elf
        /// A bzImage's 64-bit entry.
        case image
    }

    /// Its file, as one that a machine can boot.
    static func file(_ entry: Entry) throws -> BootFile {
        try file(bytes(entry), name: "the tests' guest (\(entry))")
    }

    /// What stands in its file.
    static func bytes(_ entry: Entry) throws -> [UInt8] {
        switch entry {
        case .pvh: try pvh.get()
        case .elf: try elf.get()
        case .image: try image.get()
        }
    }

    /// A file of these bytes.
    static func file(_ bytes: [UInt8], name: String) throws -> BootFile {
        let file = try Descriptor.memory("test")
        try file.writeAll(bytes)
        return try BootFile(adopting: file, name: name)
    }

    private static let pvh = Result { try compile(["-DPVH"]) }
    private static let elf = Result { try compile([]) }
    private static let image = Result {
        try bzImage(of: compile(["-Wl,--oformat=binary"]), address: 0x100_0000)
    }

    /// The flat kernel behind a setup header such as Linux's build makes.
    static func bzImage(of kernel: [UInt8], address: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2 * 512)
        bytes[0x1F1] = 1
        bytes[0x201] = 0x66
        bytes.store(littleEndian: UInt32(0x5372_6448), at: 0x202)
        bytes.store(littleEndian: UInt16(0x20F), at: 0x206)
        bytes.store(littleEndian: UInt32(0x7FFF_FFFF), at: 0x22C)
        bytes[0x234] = 1
        bytes.store(littleEndian: UInt16(1), at: 0x236)
        bytes.store(littleEndian: UInt32(2047), at: 0x238)
        bytes.store(littleEndian: address, at: 0x258)
        bytes.store(littleEndian: UInt32(1 << 20), at: 0x260)
        return bytes + kernel
    }

    private static func compile(_ options: [String]) throws -> [UInt8] {
        let source = "\(Files.parent(of: Files.parent(of: #filePath)))/Guest"
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("guest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let gcc = Process()
        gcc.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
        gcc.arguments =
            options + [
                "-m64", "-O2", "-ffreestanding", "-fno-pic", "-static", "-nostdlib", "-mno-red-zone",
                "-mgeneral-regs-only", "-fno-stack-protector", "-fcf-protection=none",
                "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", "-Wl,-T,\(source)/guest.ld",
                "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments", "-Wl,-e,start64", "-o",
                "\(directory.path)/guest", "\(source)/start.S", "\(source)/guest.c",
            ]
        let words = Pipe()
        gcc.standardError = words
        try gcc.run()
        let said = words.fileHandleForReading.readDataToEndOfFile()
        gcc.waitUntilExit()
        guard gcc.terminationStatus == 0 else {
            throw GuestError("gcc: \(String(decoding: said, as: UTF8.self))")
        }
        return try Files.read("\(directory.path)/guest")
    }
}

/// A test's guest did not do what it should.
struct GuestError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
