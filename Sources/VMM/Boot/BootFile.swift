internal import Glibc
internal import Linux

/// A kernel or an initrd: an open file, read once into the guest's memory.
struct BootFile: ~Copyable {
    /// What messages call it.
    let name: String
    /// Bytes.
    let count: UInt64
    private let descriptor: Descriptor

    /// Opens a file.
    init(path: String) throws(VMMError) {
        let descriptor: Descriptor
        do { descriptor = try Descriptor.open(path) } catch { throw VMMError(error) }
        try self.init(adopting: descriptor, name: path)
    }

    /// Takes an open file over: a jailed process gets it from its parent.
    init(adopting descriptor: consuming Descriptor, name: String) throws(VMMError) {
        var status = stat()
        // unsafe because the status comes back through a pointer to a local structure
        try VMMError.check(unsafe fstat(descriptor.rawValue, &status), "look at \(name)")
        guard status.st_mode & S_IFMT == S_IFREG else { throw VMMError(.configuration, "\(name) is no regular file") }
        self.name = name
        self.count = UInt64(max(status.st_size, 0))
        self.descriptor = descriptor
    }

    /// The bytes from an offset; an error if the file ends before.
    func bytes(at offset: UInt64, count: Int) throws(VMMError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var result: Result<Void, VMMError> = .success(())
        // unsafe because the array's own memory is filled
        unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(VMMError) { unsafe try read(at: offset, into: buffer) } catch { result = .failure(error) }
        }
        try result.get()
        return bytes
    }

    /// Copies bytes from an offset to a guest-physical address; an error if the file ends before, or if they are not all
    /// memory there. No guest runs yet.
    func copy(from offset: UInt64, count: UInt64, to address: UInt64, of memory: GuestMemoryBacking) throws(VMMError) {
        try check(offset, count)
        // unsafe because the pointer is used below only, where the range has been found to be all memory
        guard let place = memory.offset(of: address, count: count),
            let target = unsafe memory.memory.pointer(address, count: count)
        else {
            throw VMMError(.kernel, "\(name): \(count) bytes at 0x\(String(address, radix: 16)) are not in memory")
        }
        // From one file into the other: the pages of the memory need not be mapped, nor cleared before.
        let done = if let file = memory.file { try send(offset, count, to: file, place) } else { 0 }
        guard done < Int(count) else { return }
        unsafe try read(
            at: offset + UInt64(done),
            into: UnsafeMutableRawBufferPointer(start: target + done, count: Int(count) - done))
    }

    /// Sends bytes into a file of memory, and says how many: 0 if the file system knows no such way.
    private func send(_ offset: UInt64, _ count: UInt64, to file: Int32, _ place: UInt64) throws(VMMError) -> Int {
        guard lseek(file, off_t(place), SEEK_SET) == off_t(place) else {
            throw VMMError(SystemError.last("seek", "the guest's memory"))
        }
        var next = off_t(offset)
        let end = off_t(offset + count)
        while next < end {
            // unsafe because the offset is advanced through a pointer to a local variable
            let sent = unsafe sendfile(file, descriptor.rawValue, &next, Int(end - next))
            if sent == 0 { throw VMMError(.kernel, "\(name): it became shorter while it was read") }
            if sent < 0 && errno == EINVAL { break }
            if sent < 0 && errno != EINTR { throw VMMError(SystemError.last("read", name)) }
        }
        return Int(next - off_t(offset))
    }

    private func check(_ offset: UInt64, _ count: UInt64) throws(VMMError) {
        guard offset <= self.count, count <= self.count - offset else {
            throw VMMError(
                .kernel,
                "\(name): \(count) bytes at \(offset) are beyond its end at \(self.count): it is cut off or damaged")
        }
    }

    /// Fills memory with the bytes from an offset; an error if the file ends before.
    private func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(VMMError) {
        try check(offset, UInt64(buffer.count))
        var done = 0
        while done < buffer.count {
            // unsafe because the rest of the caller's memory is filled
            let got = unsafe pread(
                descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                Int(offset) + done)
            if got > 0 {
                done += got
            } else if got == 0 {
                throw VMMError(.kernel, "\(name): it became shorter while it was read")
            } else if errno != EINTR {
                throw VMMError(SystemError.last("read", name))
            }
        }
    }
}
