internal import Glibc
internal import Transport

// A reader that went away must not end us by a signal; the write's error tells.
_ = signal(SIGPIPE, SIG_IGN)

/// Every verb, in the order of the help.
let commands: [any Command.Type] = [
    DemoCommand.self,
    PKIDemoCommand.self,
    ComposeCommand.self,
    SignCommand.self,
    VerifyCommand.self,
    SendCommand.self,
    InboxCommand.self,
    ReceiveCommand.self,
    StatusCommand.self,
    TrailCommand.self,
    EvidenceCommand.self,
    OutboxCommand.self,
    OverdueCommand.self,
    AlertsCommand.self,
    AgenciesCommand.self,
    AgencyAddCommand.self,
    AgencyImportCommand.self,
    AgencyRetireCommand.self,
    AgencyCertificateCommand.self,
    VXPSecretCommand.self,
    VXPAddressCommand.self,
    // The longer name first: a verb is found by its first words.
    RequeueCommand.self,
    ExportDeadLetterCommand.self,
    ReturnDeadLetterCommand.self,
    DeadLettersCommand.self,
    ReportCommand.self,
    WebhookAddCommand.self,
    WebhookListCommand.self,
    WebhookTestCommand.self,
    WebhookEnableCommand.self,
    WebhookRemoveCommand.self,
    LegalHoldSetCommand.self,
    LegalHoldLiftCommand.self,
    LegalHoldListCommand.self,
    TrustListCommand.self,
    TrustAddCommand.self,
    TrustRemoveCommand.self,
    TrustTestCommand.self,
    AuditMirrorCommand.self,
    AuditVerifyCommand.self,
    AuditReceiptCommand.self,
    LogKeyCommand.self,
    BackupCommand.self,
    RestoreCommand.self,
    DoctorCommand.self,
    BenchCommand.self,
]

func overview() -> String {
    var text =
        "lienthong: gửi, nhận, ký, kiểm tra văn bản qua trục liên thông\n\n"
    text += "Cách dùng: lienthong VERB …\n\n"
    for command in commands {
        let name = command.words.joined(separator: " ")
        text += "  \(name)\(String(repeating: " ", count: max(1, 18 - name.count)))\(command.summary)\n"
    }
    text += "\n`lienthong VERB --help` giải thích từng lệnh. Mã thoát: 0 xong, 1 bị từ chối hoặc không "
    text += "hợp lệ, 2 chưa xác định, 64 sai cách dùng, 66 không đọc được tệp, 69 không tới được trục, "
    text += "75 hãy thử lại sau.\n"
    return text
}

func run(_ words: [String], _ terminal: Terminal) -> ExitCode {
    if words.isEmpty || words == ["--help"] || words == ["help"] {
        terminal.print(overview())
        return words.isEmpty ? .usage : .done
    }
    guard let command = commands.first(where: { words.starts(with: $0.words) }) else {
        terminal.tell("lienthong: không có lệnh \(words[0]); xem lienthong --help")
        return .usage
    }
    let rest = Array(words.dropFirst(command.words.count))
    if rest.contains("--help") {
        terminal.print(command.help)
        return .done
    }
    do {
        return try command.run(try Arguments(rest, options: command.options), terminal)
    } catch let failure as CommandFailure {
        terminal.tell("lienthong \(command.words.joined(separator: " ")): \(failure.message)")
        return failure.code
    } catch let refusal as HubRefusal {
        if rest.contains("--json") { terminal.print(json: refusal.body) }
        terminal.tell("lienthong \(command.words.joined(separator: " ")): \(refusal.message)")
        return refusal.exitCode
    } catch let error as ClientError {
        terminal.tell(
            "lienthong \(command.words.joined(separator: " ")): không tới được trục: \(error)")
        return .unreachable
    } catch {
        terminal.tell("lienthong \(command.words.joined(separator: " ")): \(error)")
        return .refused
    }
}

exit(run(Array(CommandLine.arguments.dropFirst()), Terminal()).rawValue)
