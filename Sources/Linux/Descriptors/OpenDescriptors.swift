internal import CLinux
internal import Glibc

/// All descriptors that the calling process has open, to close those that nobody has an eye on.
public struct OpenDescriptors: ~Copyable {
    /// /proc/self/fd of the host, where the kernel has no close_range (before Linux 5.9).
    private let list: Descriptor?

    /// To be made while the host's /proc can be seen: what a container has there may tell anything. Numbers below `lowest`
    /// are left for others.
    public init(leaving lowest: Int32 = 3) throws(SystemError) {
        if NewerCall.closeRange.isMissingNow {
            let directory = try Descriptor.open("/proc/self/fd", .directory)
            list = try .duplicating(directory.rawValue, atLeast: lowest)
        } else {
            list = nil
        }
    }

    /// Closes every descriptor from `first` on but these.
    public func close(from first: Int32, except kept: [Int32] = []) throws(SystemError) {
        switch list {
        case .some(let list):
            for number in try OpenDescriptors.numbers(in: list) where number >= first && !kept.contains(number) {
                if number != list.rawValue { Glibc.close(number) }
            }
        case .none: try OpenDescriptors.closeRanges(from: first, except: kept)
        }
    }

    private static func closeRanges(from first: Int32, except kept: [Int32]) throws(SystemError) {
        var next = first
        for number in kept.sorted() where number >= next {
            if number > next {
                try SystemError.check(bh_close_range(UInt32(next), UInt32(number - 1), 0), "close_range")
            }
            next = number + 1
        }
        try SystemError.check(bh_close_range(UInt32(next), .max, 0), "close_range")
    }

    /// The names in the directory, which are numbers; that of the stream they are read through is closed again.
    private static func numbers(in list: borrowing Descriptor) throws(SystemError) -> [Int32] {
        // unsafe because the stream of a directory is an opaque pointer, closed below, and its descriptor with it
        guard let stream = unsafe fdopendir(try list.duplicate().release()) else { throw .last("list the descriptors") }
        // unsafe because the stream was opened above and is closed here only
        defer { unsafe closedir(stream) }
        // unsafe because the stream is open
        let own = unsafe dirfd(stream)
        var numbers: [Int32] = []
        // unsafe because readdir returns a pointer that is valid until the next call
        while let entry = unsafe readdir(stream) {
            // unsafe because d_name is a C string within the entry, which is copied at once
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let number = Int32(name), number != own { numbers.append(number) }
        }
        return numbers
    }
}
