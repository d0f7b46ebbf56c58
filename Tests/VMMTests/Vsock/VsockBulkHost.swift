import Glibc
import Linux
import Synchronization

@testable import VMM

/// A program of the host's with one stream to port 52 of the guest, which one thread writes and another reads.
final class VsockBulkHost: Sendable {
    private let socket: Descriptor
    private let told = Semaphore()
    private let waits = Atomic(false)
    private let said = Mutex<[String]>([])

    /// - Parameter waits: its reader reads what there is each time that it is told to go on, and waits in between.
    init(_ host: VsockHost, waits: Bool) throws {
        self.waits.store(waits, ordering: .releasing)
        socket = try host.connect(to: 52)
        socket.limitWaiting(seconds: 60)
    }

    /// What went wrong.
    var failures: [String] { said.withLock { $0 } }

    /// Lets a reader that waits to be told read what there is, or all that will come.
    func goOn(upToTheEnd: Bool) {
        if upToTheEnd { waits.store(false, ordering: .releasing) }
        told.signal()
    }

    /// Ends both directions, and lets a reader go on.
    func abandon() {
        shutdown(socket.rawValue, Int32(SHUT_RDWR))
        goOn(upToTheEnd: true)
    }

    /// Writes so many bytes of a pattern, and ends that direction.
    func write(_ pattern: BytePattern, _ count: Int) {
        var done = 0
        while done < count {
            // Whole packets, parts of packets, and many at once.
            let bytes = pattern.bytes(at: done, min(1 + (done &* 31) % 300_000, count - done))
            do { try socket.writeAll(bytes) } catch { return fail("write behind \(done): \(error)") }
            done += bytes.count
        }
        shutdown(socket.rawValue, Int32(SHUT_WR))
    }

    /// Reads up to the end, which is to come after so many bytes of a pattern.
    func read(_ pattern: BytePattern, _ count: Int) {
        do {
            let line = try socket.readLine()
            guard line.hasPrefix("OK ") else { return fail("the answer was \(line)") }
        } catch { return fail("no answer: \(error)") }
        var buffer = [UInt8](repeating: 0, count: 200_000)
        var done = 0
        while true {
            let whenTold = waits.load(ordering: .acquiring)
            let got = recv(socket.rawValue, &buffer, buffer.count, whenTold ? Int32(MSG_DONTWAIT) : 0)
            if got == 0 { break }
            if got < 0, whenTold, errno == EAGAIN {
                told.wait()
                continue
            }
            guard got > 0 else { return fail("read behind \(done): error \(errno)") }
            guard pattern.matches(Array(buffer[..<got]), at: done) else { return fail("wrong bytes behind \(done)") }
            done += got
        }
        if done != count { fail("the end came after \(done) bytes, and not \(count)") }
    }

    private func fail(_ text: String) { said.withLock { $0.append(text) } }
}
