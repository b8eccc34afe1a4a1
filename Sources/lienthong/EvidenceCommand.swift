internal import Files
internal import HTTP
internal import Transport

/// `lienthong evidence`: what a letter's verdict rests on, as one archive.
struct EvidenceCommand: Command {
    static let words = ["evidence"]
    static let summary = "tải bằng chứng của kết luận về chữ ký một văn bản"
    static let operands = "KEY -o FILE"
    static let options =
        Option.connection + [.value("-o", "FILE", "tệp .tar sẽ ghi")]
    static let notes = """
        KEY là mã 32 chữ số hex trong biên nhận, hoặc DocumentId của văn bản.
        Kiểm tra lại sau này, không cần trục: lienthong verify VĂN-BẢN --evidence FILE --trust GỐC
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let key = try arguments.operands("KEY")[0]
        let target = try arguments.required("-o")
        let hub = try HubConnection(arguments)
        do {
            try OutputFile.make(target) { file in
                let answer = try hub.client.download(
                    "/v1/documents/\(key.asPathSegment)/evidence",
                    to: FileDescriptor(try file.duplicateDescriptor()), progress: { _ in })
                guard answer.head.status == 200 else { throw HubRefusal(answer) }
            }
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không ghi được \(target): \(error)")
        } catch let error as ClientError {
            throw CommandFailure(.unreachable, "không tới được trục: \(error)")
        }
        terminal.tell("bằng chứng: \(target)")
        return .done
    }
}
