internal import Exchange

/// What the elements around an attachment's content say about it, the manifest's filling what is missing.
struct AttachmentDescription: Equatable {
    let contentID: ExactString
    let name: String
    let contentType: String

    /// - Parameter attachment: an Attachment; what is still unread of it counts as missing.
    init(_ attachment: Int, in tree: ElementTree) {
        let id = Self.contentID(tree.text(.contentID, of: attachment))
        contentID = id
        let reference = tree.child(.edXMLEnvelope, of: 0)
            .flatMap { tree.child(.edXMLBody, of: $0) }
            .flatMap { tree.child(.edXMLManifest, of: $0) }
            .flatMap { manifest in
                tree.children(.reference, of: manifest)
                    .first { Self.contentID(ofReference: $0, in: tree) == id }
            }
        let texts = [Tag.attachmentName, .contentType, .mimeType].map { tree.text($0, of: attachment) }
        func referenced(_ tag: Tag) -> String { reference.map { tree.text(tag, of: $0) } ?? "" }
        name = texts[0].isEmpty ? referenced(.attachmentName) : texts[0]
        let type = texts[1].isEmpty ? texts[2] : texts[1]
        contentType = type.isEmpty ? referenced(.contentType) : type
    }

    /// The file was put into a ZIP archive for the journey: labelled as one without being named as one.
    var isPacked: Bool {
        // Anything else has another first letter, or is too short: no need to spell it out.
        guard contentType.utf8.count >= 15, Self.mayBeginZip(contentType) else { return false }
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        return type == "application/zip" && FileName.fileExtension(of: name) != "zip"
    }

    /// False for what cannot become `application/zip` by leaving blanks out and by lower case.
    private static func mayBeginZip(_ type: String) -> Bool {
        let wanted = "application/z".utf8
        var place = wanted.startIndex
        for byte in type.utf8 where byte != 0x20 {
            if byte >= 0x80 { return true }
            if (0x41...0x5A ~= byte ? byte | 0x20 : byte) != wanted[place] { return false }
            wanted.formIndex(after: &place)
            if place == wanted.endIndex { return true }
        }
        return true
    }

    /// Software writes `cid:` on both sides, on one, or on none.
    static func contentID(_ text: String) -> ExactString {
        guard text.utf8.starts(with: "cid:".utf8) else { return ExactString(text) }
        // By bytes: a mark that combines with the colon would go with it.
        return ExactString(String(text.utf8.dropFirst(4)) ?? "")
    }

    static func contentID(ofReference reference: Int, in tree: ElementTree) -> ExactString {
        let text = tree.text(.contentID, of: reference)
        return contentID(text.isEmpty ? tree.link(of: reference) : text)
    }
}
