package import Files
internal import OpenSSL
internal import XML

/// Signs edXML letters: puts a ds:Signature over the whole letter into its header, as the last child, and
/// leaves every other byte as it is.
///
/// Two passes over the file, memory flat: the first digests the letter's canonical form, the second copies
/// it.
package struct XMLSigner: Sendable {
    private static let pieceBytes = 256 << 10

    private let identity: SigningIdentity

    package init(_ identity: SigningIdentity) {
        self.identity = identity
    }

    /// Writes the signed letter to `output` from its beginning; not synchronised. After a throw what `output`
    /// holds is of no use.
    ///
    /// - Throws: `XMLError` where the letter cannot be read, `SigningError` (`alreadySigned`, `notALetter`,
    ///   `inputChanged`), `FileError`, `OpenSSLError`.
    /// - Returns: the size of the signed letter in bytes.
    @discardableResult
    package func sign(_ input: File, to output: File) throws -> Int64 {
        let letter = UnsignedLetter(.sha256)
        let reader = XMLEventReader(handler: letter)
        let firstPass = Digester(.sha256)
        try input.forEachPiece(bytesMax: Self.pieceBytes) { piece in
            firstPass.update(piece)
            try reader.feed(piece)
            if let refusal = letter.refusal { throw refusal }
        }
        try reader.finish()
        if let refusal = letter.refusal { throw refusal }
        guard let headerStartTag = letter.headerStartTag else {
            throw SigningError(
                .notALetter, "không thấy edXML/edXMLEnvelope/edXMLHeader: đây không phải văn bản edXML")
        }
        let signature = try SignatureElement(identity, documentDigest: letter.finish()).bytes()
        let secondPass = Digester(.sha256)
        let size = try Self.copy(input, to: output, inserting: signature, headerStartTag) {
            secondPass.update($0)
        }
        // A letter that changed in between would leave here with a signature over something else.
        guard firstPass.finalize() == secondPass.finalize() else {
            throw SigningError(.inputChanged, "tệp bị sửa trong lúc đang ký; hãy ký lại")
        }
        return size
    }

    private static func copy(
        _ input: File, to output: File, inserting signature: [UInt8], _ headerStartTag: Int,
        observe: ([UInt8]) -> Void
    ) throws -> Int64 {
        var finder = HeaderEndFinder(startTag: headerStartTag)
        var isInserted = false
        var start: Int64 = 0
        var written: Int64 = 0
        func write(_ bytes: [UInt8]) throws {
            try output.write(bytes, at: written)
            written += Int64(bytes.count)
        }
        // The header's end tag may begin in one piece and end in the next, so a piece is written only once it
        // is known whether the signature goes into it.
        var held: [UInt8] = []
        try input.forEachPiece(bytesMax: pieceBytes) { piece in
            observe(piece)
            if isInserted { return try write(piece) }
            let heldStart = start - Int64(held.count)
            start += Int64(piece.count)
            switch finder.feed(piece.span) {
            case .emptyElement: throw SigningError(.notALetter, "edXMLHeader không có nội dung")
            case .end(let offset):
                let known = held + piece
                let place = Int(offset - heldStart)
                try write(Array(known[..<place]))
                try write(signature)
                try write(Array(known[place...]))
                isInserted = true
                held = []
            case nil:
                try write(held)
                held = piece
            }
        }
        guard isInserted else {
            throw SigningError(.inputChanged, "tệp bị sửa trong lúc đang ký; hãy ký lại")
        }
        return written
    }
}
