internal import AuditLog

/// The log's verifier key as `--key` takes it.
enum VerifierKey {
    /// `text` is the key itself, or the name of a file that holds it.
    static func read(_ text: String) throws -> NoteVerifier {
        if let verifier = NoteVerifier(vkey: text) { return verifier }
        guard !text.contains("+") else {
            throw CommandFailure(.usage, "khóa kiểm tra sai: \(text); lấy bằng lienthong log vkey")
        }
        let line = String(
            decoding: try InputFile.read(text).prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        guard let verifier = NoteVerifier(vkey: line) else {
            throw CommandFailure(.usage, "\(text) không chứa khóa kiểm tra của nhật ký")
        }
        return verifier
    }
}
