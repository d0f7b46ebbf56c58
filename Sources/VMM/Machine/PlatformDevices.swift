/// The devices of the board itself, and those that a configuration adds: who is where.
struct PlatformDevices {
    private(set) var ports: [Bus.Mapping]
    private(set) var addresses: [Bus.Mapping]
    private(set) var lines: [InterruptLine]
    /// On which the board tells of the power button.
    let board: InterruptLine

    /// Makes the board's devices.
    init(_ configuration: MachineConfiguration, end: EndReport) throws(VMMError) {
        ports = configuration.ports
        addresses = configuration.addresses
        board = try InterruptLine(Board.eventLine)
        lines = configuration.lines + [board]
        ports.append(Bus.Mapping(PowerRegisters.ports, PowerRegisters { end.tell($0) }))
        ports.append(Bus.Mapping(KeyboardController.ports, KeyboardController { end.tell(.reset) }))
        ports.append(Bus.Mapping(PanicPort.ports, PanicPort { end.tell(.panicked) }))
        if let send = configuration.serial {
            let line = try InterruptLine(SerialPort.line)
            lines.append(line)
            ports.append(Bus.Mapping(SerialPort.ports, SerialPort(send: send) { line.raise() }))
        }
    }
}
