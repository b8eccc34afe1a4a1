internal import Exchange
internal import JSON
internal import OpenSSL
internal import Signature
internal import Storage

/// What the hub writes to sender and recipients when it knows more about a letter than when it took it.
struct LetterNotice {
    let letter: JudgedLetter
    /// Nil where the deadline of a hold passed and nothing new is known.
    let verdict: Verdict?
    let decision: Settlement.Decision
    let at: Instant

    /// - Parameter hub: its own code, which stands as the sender.
    func notice(from hub: AgencyCode) -> Notice {
        let bytes = json
        // One notice for each settlement: the same one made twice is the same notice.
        let name = "notice\0\(letter.key)\0\(letter.verdictCount)\0\(verdict == nil ? "deadline" : "verdict")"
        return Notice(
            key: DocumentKey(truncating: SHA256.hash(Array(name.utf8))), sender: hub, subject: subject,
            bytes: bytes, sha256: SHA256.hash(bytes))
    }

    private var subject: String {
        switch (decision, verdict?.indication) {
        case (.refuse, _): "Văn bản \(letter.documentID) không được phát: chữ ký không được xác nhận"
        case (.release, .totalPassed), (.keep, .totalPassed):
            "Chữ ký của văn bản \(letter.documentID) đã được xác nhận"
        case (.release, _): "Văn bản \(letter.documentID) được phát khi chưa rõ chứng thư có bị thu hồi không"
        case (.keep, _): "Chữ ký của văn bản \(letter.documentID) có kết luận mới"
        }
    }

    private var json: [UInt8] {
        JSONWriter.object { writer in
            writer.member("notice", verdict == nil ? "hold.ended" : "verdict.rechecked")
            writer.member("documentKey", letter.key.description)
            writer.member("documentId", letter.documentID)
            writer.member("sender", letter.sender)
            writer.member("at", at)
            writer.member("previousIndication", letter.indication)
            writer.member("indication", verdict?.summary ?? letter.indication)
            if letter.hold != nil {
                writer.member(
                    "deliveries",
                    decision == .release ? "released" : decision == .refuse ? "refused" : "held")
            }
            writer.member("detail", subject)
            writer.name("reasons")
            writer.array(verdict?.allReasons ?? []) { writer, reason in
                writer.object { object in
                    object.member("code", reason.code.rawValue)
                    object.member("message", reason.message)
                    object.member("detail", reason.detail)
                }
            }
        }
    }
}
