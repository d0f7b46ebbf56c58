internal import Linux

/// Both ends of the standard streams, before the process is made.
struct PreparedStreams: ~Copyable {
    var ours = ProcessStreams()
    var child = ChildStreams()

    init(_ streams: StandardStreams) throws(RuntimeError) {
        do {
            switch streams {
            case .terminal, .none: break
            case .pipes(let wantsInput):
                if wantsInput {
                    let pipe = try PipePair()
                    child.input = consume pipe.reading
                    ours.input = consume pipe.writing
                }
                let output = try PipePair()
                ours.output = consume output.reading
                child.output = consume output.writing
                let error = try PipePair()
                ours.error = consume error.reading
                child.error = consume error.writing
            case .descriptors(let input, let output, let error):
                // Copies from 3 on, so that putting one of them to its place can't overwrite another.
                child.input = try Descriptor.duplicating(input)
                child.output = try Descriptor.duplicating(output)
                child.error = try Descriptor.duplicating(error)
            }
        } catch {
            throw RuntimeError("make the standard streams", error)
        }
    }
}
