internal import Exchange
internal import Hub
internal import JSON
internal import OpenSSL
internal import Trust

/// Trust lists as people and as software read them.
enum TrustText {
    static func lines(for entry: TrustEntry, _ now: Instant) -> [String] {
        let kind =
            switch entry.kind {
            case .anchor: "gốc"
            case .intermediate: "trung gian"
            case .crl: "CRL"
            case .ocsp: "OCSP"
            }
        var end = "không nêu hạn"
        if let endsAt = entry.endsAt, let days = daysLeft(entry, now) {
            end = "đến \(endsAt.edXMLTimestamp)" + (days < 0 ? ", ĐÃ HẾT HẠN" : ", còn \(days) ngày")
        }
        let start = entry.startsAt.map { "từ \($0.edXMLTimestamp) " } ?? ""
        return [
            "\(kind): \(entry.name)", "  \(start)\(end)", "  SHA-256 \(entry.sha256.hex)", "  \(entry.file)",
        ]
    }

    static func write(_ entry: TrustEntry, _ now: Instant, into object: inout JSONWriter) {
        object.member("kind", entry.kind.rawValue)
        object.member("name", entry.name)
        object.member("sha256", entry.sha256.hex)
        object.member("file", entry.file)
        if let time = entry.startsAt { object.member("startsAt", time) }
        if let time = entry.endsAt { object.member("endsAt", time) }
        if let days = daysLeft(entry, now) { object.member("daysLeft", days) }
    }

    private static func daysLeft(_ entry: TrustEntry, _ now: Instant) -> Int64? {
        guard let end = entry.endsAt else { return nil }
        let left = end.milliseconds &- now.milliseconds
        return left < 0 ? -1 - (-left - 1) / 86_400_000 : left / 86_400_000
    }

    /// Does a change and says what it was about.
    static func report(
        _ arguments: Arguments, _ terminal: Terminal, _ change: () throws(TrustChangeError) -> [TrustEntry]
    ) throws -> ExitCode {
        let entries: [TrustEntry]
        do {
            entries = try change()
        } catch {
            throw CommandFailure(
                error.code == .file ? .noInput : .refused, "\(error) [\(error.code.rawValue)]")
        }
        let now = Clock.system.now()
        if arguments.wantsJSON {
            terminal.print(
                json: JSONWriter.object { json in
                    json.name("entries")
                    json.array(entries) { writer, entry in writer.object { write(entry, now, into: &$0) } }
                })
        } else {
            for entry in entries { lines(for: entry, now).forEach(terminal.print) }
        }
        return .done
    }

    // MARK: a chain

    static func lines(for result: ChainResult) -> [String] {
        var lines: [String] = []
        for (depth, certificate) in result.chain.enumerated() {
            lines.append("\(String(repeating: "  ", count: depth))\(certificate.subject)")
            guard depth < result.revocation.count else { continue }
            lines.append(
                "\(String(repeating: "  ", count: depth))  thu hồi: \(text(result.revocation[depth]))")
        }
        if let failure = result.failure {
            lines.append("không tin cậy: \(failure.detail) [\(failure.code.rawValue)]")
        } else {
            lines.append(result.isTrusted ? "tin cậy" : "chưa tin cậy được")
        }
        return lines
    }

    private static func text(_ status: RevocationStatus) -> String {
        switch status {
        case .good(let source):
            "chưa bị thu hồi (\(source.kind.rawValue) lập \(source.thisUpdate.edXMLTimestamp))"
        case .revoked(let time, let reason, _): "ĐÃ BỊ THU HỒI ngày \(time.edXMLTimestamp) (\(reason))"
        case .unknown(let cause): "không rõ [\(cause.rawValue)]"
        }
    }

    static func json(_ result: ChainResult) -> [UInt8] {
        JSONWriter.object { json in
            json.member("trusted", result.isTrusted)
            if let failure = result.failure {
                json.member("failure", failure.code.rawValue)
                json.member("detail", failure.detail)
                json.member("depth", failure.depth)
            }
            json.name("chain")
            json.array(Array(result.chain.enumerated())) { writer, item in
                writer.object { object in
                    object.member("subject", item.element.subject)
                    object.member("sha256", item.element.sha256.hex)
                    guard item.offset < result.revocation.count else { return }
                    write(result.revocation[item.offset], into: &object)
                }
            }
        }
    }

    private static func write(_ status: RevocationStatus, into object: inout JSONWriter) {
        switch status {
        case .good(let source):
            object.member("revocation", "good")
            object.member("source", source.kind.rawValue)
            object.member("thisUpdate", source.thisUpdate)
        case .revoked(let time, _, let source):
            object.member("revocation", "revoked")
            object.member("revokedAt", time)
            object.member("source", source.kind.rawValue)
        case .unknown(let cause):
            object.member("revocation", "unknown")
            object.member("cause", cause.rawValue)
        }
    }
}
