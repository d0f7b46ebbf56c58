import NIOCore
import Wire

/// Cuts what a monitor sends into frames without copying their bytes: ``Wire/Frame`` for NIO's buffers.
struct DataFrames {
    /// One frame.
    enum Piece: Equatable {
        /// Output, at least a byte of it.
        case data(Frame.Stream, ByteBuffer)
        /// A message, or the end of a stream: of no interest to a client.
        case other
    }

    private var buffer = ByteBuffer()
    /// Whether something came that is no frame; nothing more is read then.
    private(set) var isBroken = false

    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            var bytes = bytes
            buffer.writeBuffer(&bytes)
            buffer.discardReadBytes()
        }
    }

    mutating func next() -> Piece? {
        guard !isBroken, buffer.readableBytes >= Frame.headerLength else { return nil }
        let start = buffer.readerIndex
        guard let kind: UInt8 = buffer.getInteger(at: start), let number: UInt8 = buffer.getInteger(at: start + 1),
            let length: UInt32 = buffer.getInteger(at: start + 4, endianness: .little)
        else { return nil }
        guard kind == 1 || kind == 2, length <= Frame.largestPayload else {
            isBroken = true
            return nil
        }
        guard buffer.readableBytes >= Frame.headerLength + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: Frame.headerLength)
        guard let payload = buffer.readSlice(length: Int(length)) else { return nil }
        guard kind == 2, length > 0, let stream = Frame.Stream(rawValue: number) else { return .other }
        return .data(stream, payload)
    }

    /// What stands before the bytes of a data frame.
    static func header(_ stream: Frame.Stream, length: Int) -> ByteBuffer {
        var header = ByteBuffer()
        header.reserveCapacity(Frame.headerLength)
        header.writeInteger(2 as UInt8)
        header.writeInteger(stream.rawValue)
        header.writeInteger(0 as UInt16)
        header.writeInteger(UInt32(truncatingIfNeeded: length), endianness: .little)
        return header
    }
}
