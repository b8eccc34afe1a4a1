package import EdXML
package import Files
package import Signature

/// A PDF that came with a letter.
package struct AttachedPDF: Sendable {
    package let name: String
    package let source: SpooledPDF

    /// False where its structure shows at little cost that nobody signed it.
    package var mayBeSigned: Bool { SignatureVerifier.maySign(source) }
}

/// Keeps the PDFs among a letter's attachments until the letter was read: a PDF is read from its end, so it
/// cannot be judged as it passes. Small ones stay in memory, more of them in one file without a name.
package final class PDFCollector: AttachmentConsumer {
    private let spool: PDFSpool
    private var names: [(name: String, part: PDFSpool.Part)] = []
    private var head: AttachmentHead?
    /// Of an attachment that is not yet known to be a PDF.
    private var first: [UInt8] = []
    private var part: PDFSpool.Part?

    /// Viewers look for the header no further than this.
    private static let headerBytesMax = 1024
    private static let magic = Array("%PDF-".utf8)

    /// - Parameter folder: where a file may be made for them.
    package init(folder: String) {
        spool = PDFSpool(folder: folder)
    }

    package func begin(_ attachment: AttachmentHead) {
        head = attachment
        first = []
        part = nil
    }

    package func write(_ bytes: Span<UInt8>) {
        if part != nil { return spool.append(bytes) }
        guard head != nil else { return }
        let before = first.count
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe first.append(contentsOf: buffer.prefix(Self.headerBytesMax - before))
        }
        guard holdsMagic(after: before) else {
            if first.count >= Self.headerBytesMax { head = nil }
            return
        }
        part = spool.begin()
        spool.append(first.span)
        spool.append(bytes.extracting((first.count - before)..<bytes.count))
    }

    /// - Parameter searched: how many of the first bytes were looked at before.
    private func holdsMagic(after searched: Int) -> Bool {
        for index in max(0, searched - Self.magic.count)..<first.count where first[index] == Self.magic[0] {
            if first[index...].starts(with: Self.magic) { return true }
        }
        return false
    }

    package func end() {
        if let head, let part { names.append((head.name, spool.end(part))) }
        head = nil
        part = nil
    }

    /// In memory.
    var heldByteCount: Int { spool.heldByteCount }

    /// Why they could not all be kept.
    package var failure: FileError? { spool.failure }

    /// To be asked once, after the letter's end.
    package func documents() -> [AttachedPDF] {
        names.map { AttachedPDF(name: $0.name, source: spool.document($0.part)) }
    }
}
