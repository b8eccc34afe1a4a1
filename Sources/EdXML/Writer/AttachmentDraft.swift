internal import OpenSSL

/// A file to be sent with a letter; read when the letter is written, in pieces.
package struct AttachmentDraft: Sendable {
    package var path: String
    /// As the recipient sees it, without folders.
    package var name: String
    /// Of the file itself, before it is zipped.
    package var contentType: String
    package var description: String?
    /// A UUID without `cid:`; one per attachment.
    package var contentID: String

    /// - Parameters:
    ///   - name: nil for the last component of `path`.
    ///   - contentType: nil for the one that goes with the name.
    package init(
        path: String, name: String? = nil, contentType: String? = nil, description: String? = nil,
        contentID: String = AttachmentDraft.randomContentID()
    ) {
        let name = name ?? path.split(separator: "/").last.map(String.init) ?? ""
        self.path = path
        self.name = name
        self.contentType = contentType ?? Self.contentType(ofExtension: Self.fileExtension(of: name))
        self.description = description
        self.contentID = contentID
    }

    /// A random UUID (RFC 9562, version 4).
    package static func randomContentID() -> String {
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(0x2D) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension AttachmentDraft {
    /// What receivers expect as it is; everything else travels zipped. `xslx` is the misspelling in the
    /// builder that agencies use, so a real `xlsx` is zipped and receivers count on it.
    private static let plainExtensions = ["pdf", "doc", "docx", "xsl", "xslx", "zip"]

    static let archiveContentType = "application/zip"

    private var lowercaseExtension: String { Self.fileExtension(of: name) }

    var isZipped: Bool { !Self.plainExtensions.contains(lowercaseExtension) }

    var wireContentType: String { isZipped ? Self.archiveContentType : contentType }

    /// A receiver unzips what is labelled `application/zip` unless its name ends in `.zip`; some compare
    /// exactly, so an archive called `A.ZIP` would be unzipped by one and kept by another.
    var wireName: String {
        lowercaseExtension == "zip" ? String(name.dropLast(3)) + "zip" : name
    }

    /// `<uuid>.<ext>`, ASCII whatever the file is called.
    var entryName: String {
        let suffix = lowercaseExtension
        let isPlain = (1...16).contains(suffix.utf8.count) && suffix.utf8.allSatisfy(Self.isLetterOrDigit)
        return "\(contentID).\(isPlain ? suffix : "bin")"
    }

    /// Whether a receiver would unzip this although it was never zipped.
    var isMislabelled: Bool {
        !isZipped && contentType == Self.archiveContentType && lowercaseExtension != "zip"
    }

    private static func fileExtension(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func contentType(ofExtension suffix: String) -> String {
        switch suffix {
        case "pdf": "application/pdf"
        case "doc": "application/msword"
        case "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        case "xls": "application/vnd.ms-excel"
        case "xlsx", "xslx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        case "xsl": "application/xml"
        case "zip": archiveContentType
        default: "application/octet-stream"
        }
    }
}
