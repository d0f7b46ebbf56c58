/// Which device answers at which port, or at which guest-physical address that is no memory.
///
/// What no device answers reads as all ones, and writes to it change nothing: as on a bus that nobody drives.
@safe final class Bus: Sendable {
    /// A device's place.
    struct Mapping: Sendable {
        let range: Range<UInt64>
        let device: any BusDevice

        init(_ range: Range<UInt64>, _ device: any BusDevice) {
            self.range = range
            self.device = device
        }
    }

    private let mappings: ContiguousArray<Mapping>

    /// A bus with these devices. No two may be at one place.
    init(_ mappings: [Mapping]) throws(VMMError) {
        let sorted = mappings.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.range.upperBound > next.range.lowerBound {
            let place = String(next.range.lowerBound, radix: 16)
            throw VMMError(.configuration, "two devices at 0x\(place): give one of them another place")
        }
        self.mappings = ContiguousArray(sorted)
    }

    /// Has the device that is there answer what the guest asks.
    @inline(__always)
    func answer(_ access: KVMProcessor.Access) {
        // unsafe because the bytes are the processor's shared area, which is good until it runs on
        var bytes = unsafe UnsafeMutableRawBufferPointer(start: access.data, count: access.size)
        for _ in 0..<access.count {
            if access.isWrite {
                unsafe write(at: access.address, from: UnsafeRawBufferPointer(bytes))
            } else {
                unsafe read(at: access.address, into: bytes)
            }
            unsafe bytes = UnsafeMutableRawBufferPointer(
                start: bytes.baseAddress.map { unsafe $0 + access.size }, count: access.size)
        }
    }

    /// Reads from the device that is there.
    func read(at address: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the caller's bytes are passed on for the call
        guard let index = index(of: address, count: bytes.count) else {
            unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
            return
        }
        unsafe mappings[index].device.read(at: address &- mappings[index].range.lowerBound, into: bytes)
    }

    /// Writes to the device that is there.
    func write(at address: UInt64, from bytes: UnsafeRawBufferPointer) {
        guard let index = index(of: address, count: bytes.count) else { return }
        // unsafe because the caller's bytes are passed on for the call
        unsafe mappings[index].device.write(at: address &- mappings[index].range.lowerBound, from: bytes)
    }

    /// The device whose range holds the whole access.
    private func index(of address: UInt64, count: Int) -> Int? {
        var (low, high) = (0, mappings.count)
        while low < high {
            let middle = (low &+ high) / 2
            if mappings[middle].range.upperBound <= address { low = middle &+ 1 } else { high = middle }
        }
        guard low < mappings.count, mappings[low].range.lowerBound <= address,
            UInt64(truncatingIfNeeded: count) <= mappings[low].range.upperBound &- address
        else { return nil }
        return low
    }
}
