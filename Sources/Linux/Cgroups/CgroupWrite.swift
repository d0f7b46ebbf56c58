internal import Glibc

/// One value for one file of a control group, and the property of the configuration that asks for it.
struct CgroupWrite: Equatable {
    /// Below `linux.resources`.
    let property: String
    /// Nil for a file of the group itself, which is there without any controller.
    let controller: CgroupController?
    /// The file and its value; where kernels differ, the first of these files that is there.
    let choices: [Choice]
    /// Whether it is left out where the kernel has no such file.
    let isOptional: Bool

    init(
        _ property: String, _ controller: CgroupController?, _ files: String..., value: String, optional: Bool = false
    ) {
        self.property = property
        self.controller = controller
        choices = files.map { Choice(file: $0, value: value) }
        isOptional = optional
    }

    init(_ property: String, _ controller: CgroupController?, choices: [Choice]) {
        self.property = property
        self.controller = controller
        self.choices = choices
        isOptional = false
    }

    /// A file, and what is written into it.
    struct Choice: Equatable {
        let file: String
        let value: String
    }

    /// The error that names the property.
    func failure(_ problem: String, _ object: String, _ code: Int32) -> SystemError {
        SystemError("linux.resources.\(property): \(problem)", object, code: code)
    }

    /// Writes it in the group's directory for the controller.
    func perform(in directory: String) throws(SystemError) {
        var choice = choices[0]
        if isOptional || choices.count > 1 {
            if let found = choices.first(where: { Files.exists("\(directory)/\($0.file)") }) {
                choice = found
            } else if isOptional {
                return
            }
        }
        let path = "\(directory)/\(choice.file)"
        do { try Files.set(path, choice.value) } catch  where error.code == ENOENT && !Files.exists(path) {
            throw failure("this kernel has no", path, ENOENT)
        } catch {
            throw failure("write \(choice.value) to", path, error.code)
        }
    }
}
