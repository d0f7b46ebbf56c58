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

    /// Fills memory with the bytes from an offset; an error if the file ends before.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(VMMError) {
        guard offset <= count, UInt64(buffer.count) <= count - offset else {
            throw VMMError(
                .kernel,
                "\(name): \(buffer.count) bytes at \(offset) are beyond its end at \(count): it is cut off or damaged")
        }
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
