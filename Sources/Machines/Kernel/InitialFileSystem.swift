import CArchive

/// A guest's first file system: a cpio archive (newc) that the kernel unpacks into memory. Not compressed, because
/// unpacking in software emulation takes longer than reading it.
struct InitialFileSystem {
    private enum Content {
        case folder
        case file([UInt8], executable: Bool)
        case device(major: Int, minor: Int)
    }

    private var entries: [(path: String, content: Content)] = []

    /// What a guest begins with: the agent as `/init`, the modules, and `/modules.order` that names them in the order in
    /// which they are loaded, one path a line.
    init(agent: [UInt8], modules: [(name: String, module: KernelModule)]) {
        for folder in ["dev", "proc", "sys", "run", "modules"] { entries.append((folder, .folder)) }
        // The kernel opens it for /init before anything is mounted.
        entries.append(("dev/console", .device(major: 5, minor: 1)))
        entries.append(("init", .file(agent, executable: true)))
        var order = ""
        for (name, module) in modules {
            entries.append(("modules/\(name).ko", .file(module.bytes, executable: false)))
            order += "/modules/\(name).ko\n"
        }
        entries.append(("modules.order", .file(Array(order.utf8), executable: false)))
    }

    /// Writes the archive to a file.
    func write(to path: String) throws(MachineError) {
        guard let archive = archive_write_new() else { throw MachineError(.failed, "write \(path): no memory") }
        defer { archive_write_free(archive) }
        archive_write_set_format_cpio_newc(archive)
        try check(archive_write_open_filename(archive, path), archive, path)
        for (name, content) in entries { try add(name, content, to: archive, path) }
        try check(archive_write_close(archive), archive, path)
    }

    private func add(
        _ name: String, _ content: Content, to archive: OpaquePointer, _ path: String
    ) throws(MachineError) {
        guard let entry = archive_entry_new() else { throw MachineError(.failed, "write \(path): no memory") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        var data: [UInt8] = []
        switch content {
        case .folder:
            archive_entry_set_filetype(entry, 0o040000)
            archive_entry_set_perm(entry, 0o755)
        case .file(let bytes, let executable):
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, executable ? 0o755 : 0o644)
            data = bytes
        case .device(let major, let minor):
            archive_entry_set_filetype(entry, 0o020000)
            archive_entry_set_perm(entry, 0o600)
            archive_entry_set_rdevmajor(entry, dev_t(major))
            archive_entry_set_rdevminor(entry, dev_t(minor))
        }
        archive_entry_set_size(entry, Int64(data.count))
        try check(archive_write_header(archive, entry), archive, path)
        var written = 0
        while written < data.count {
            let count = data[written...].withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard count > 0 else { return try check(ARCHIVE_FATAL, archive, path) }
            written += count
        }
    }

    private func check(_ result: Int32, _ archive: OpaquePointer, _ path: String) throws(MachineError) {
        guard result != ARCHIVE_OK else { return }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "failed"
        throw MachineError(.failed, "write \(path): \(reason)")
    }
}
