package import Wire

/// What an executor tells of its container.
package protocol ExecutorDelegate: AnyObject {
    /// The container has put out bytes.
    func put(out bytes: [UInt8], _ stream: Frame.Stream)
    /// Nothing more will come on this stream.
    func ended(_ stream: Frame.Stream)
    /// The container has taken all the input that was written.
    func inputTaken()
    /// The kernel has killed one of its processes for want of memory.
    func ranOutOfMemory()
    /// A further process has ended.
    func ended(process: String, _ record: ExitRecord)
    /// Its first process has ended and its output has been told to the last byte; nothing of it is left.
    func ended(_ status: ExitStatus)
}

/// Makes one container's processes somewhere: here, or by the agent in a machine.
package protocol Executor: AnyObject {
    /// Whoever gets the output and the end, and takes this back after that.
    var delegate: (any ExecutorDelegate)? { get set }
    /// Carries out a verb about the container; the answer may come later.
    func perform(_ request: Request, answer: @escaping (Response) -> Void)
    /// Runs another process, with the connection as its streams: answers request `number` on it, and closes it at the
    /// end.
    func exec(_ setup: ExecSetup, _ number: UInt32, on connection: Connection)
    /// Reads a stream, or lets the container wait.
    func setReading(_ stream: Frame.Stream, _ on: Bool)
    /// Gives the container input.
    func write(_ bytes: [UInt8])
    /// Ends its input.
    func closeInput()
    /// Whether input that was written has not been taken yet.
    var hasWaitingInput: Bool { get }
    /// Whether it waits for the end of the process of that number, which is a child of this program.
    func owns(_ process: Int32) -> Bool
}
