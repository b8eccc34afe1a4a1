internal import EdXML
internal import Exchange
internal import Storage
internal import XML

/// Says why a letter under a DocumentId that is taken is not the letter that has it: because it says
/// something else, or because the same was written or signed anew.
///
/// Only the bytes make a letter the same, since they are what was signed; but the people who look for the
/// mistake must know which of the two happened. Both are read once more, which costs nothing where there is
/// no conflict.
struct ResendComparison {
    /// Larger letters are not read twice for a sentence.
    private static let bytesMax: Int64 = 64 << 20

    let reader: StoreReader

    /// - Returns: the conflict with its cause where that can be found out.
    func explain(_ conflict: Rejection, of new: NewDocument) -> Rejection {
        guard new.kind == .letter, new.byteCount <= Self.bytesMax,
            let stored = try? reader.document(new.key), !stored.isPurged,
            stored.summary.byteCount <= Self.bytesMax,
            let old = read({ try? reader.forEachPiece(of: stored.payload, $0) }),
            let letter = read({ new.payload.forEachPiece($0) ? () : nil })
        else { return conflict }
        let differences = letter.differences(from: old)
        let accepted = "đã được nhận lúc \(stored.summary.acceptedAt.edXMLTimestamp)"
        guard !differences.isEmpty else {
            return Rejection(
                .documentReserialized,
                "Văn bản \(new.documentID) \(accepted); bản gửi lại có cùng nội dung nhưng khác byte (được "
                    + "ghi hoặc ký lại). Hãy gửi lại đúng tệp của lần đầu để nhận lại biên nhận, đừng tạo "
                    + "lại tệp.")
        }
        return Rejection(
            .documentConflict,
            "Văn bản \(new.documentID) \(accepted) với nội dung khác ở: "
                + "\(differences.joined(separator: ", ")). Hãy dùng DocumentId mới, hoặc gửi bản cập nhật "
                + "(BussinessDocType 2).")
    }

    /// Nil where it is no letter any more.
    private func read(_ pieces: ((_ piece: [UInt8]) -> Void) -> Void?) -> Letter? {
        let letter = EdXMLReader(limits: EdXMLLimits())
        let parser = XMLEventReader(limits: XMLLimits(), handler: letter)
        var isBroken = false
        let isRead: Void? = pieces { piece in
            guard !isBroken, letter.fatal == nil else { return }
            isBroken = (try? parser.feed(piece.span)) == nil
        }
        guard isRead != nil, !isBroken, letter.fatal == nil, (try? parser.finish()) != nil,
            case .letter(let read)? = try? letter.message()
        else { return nil }
        return read
    }
}
