internal import Linux
package import Wire

extension Supervisor: ExecutorDelegate {
    package func put(out bytes: [UInt8], _ stream: Frame.Stream) {
        memory.used()
        streams?.put(out: bytes, stream)
    }

    package func ended(_ stream: Frame.Stream) { streams?.ended(stream) }

    package func inputTaken() { streams?.inputTaken() }

    package func ranOutOfMemory() { tell(.outOfMemory) }

    package func ended(process: String, _ record: ExitRecord) { tell(.exited(process: process, record)) }

    package func ended(_ status: ExitStatus) {
        let startedAt: Int64
        switch state {
        case .created: startedAt = 0
        case .running(_, let since, _): startedAt = since
        case .empty, .ended, .failed: return
        }
        let record = ExitRecord(status: status, startedAt: startedAt, finishedAt: Clock.realtimeNanoseconds)
        if let path = setup?.exitRecordPath {
            // Announced without a record it would be forgotten by a daemon that dies now; not announced, it would
            // never be known at all. So it is told in any case.
            do { try Files.writeDurably(path, record.fileContent) } catch { Console.report("\(error)") }
        }
        state = .ended(record)
        tell(.exited(process: nil, record))
        finishUp()
    }

    /// The last of it: clients get their end, whoever asked for the deletion the answer, and the owner the news.
    func finishUp() {
        streams?.finish()
        for (connection, number) in deletions { connection.respond(number, .done) }
        deletions = []
        executor?.delegate = nil
        delegate?.finished(self)
    }

    /// Whether everything that was to be told has left: connections may be closed without loss.
    package var isFlushed: Bool { controls.allSatisfy { $0.backlog == 0 } && streams?.isFlushed ?? true }
}
