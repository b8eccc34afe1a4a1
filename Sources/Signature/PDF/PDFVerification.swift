package import Exchange
internal import OpenSSL
package import PDF

extension SignatureVerifier {
    /// Judges every signature of a PDF at `time`; one report that says "unsigned" where there is none.
    ///
    /// - Parameter document: the attachment's name, for a PDF inside a letter.
    package func verify(
        pdf source: any PDFSource, at time: Instant, document: String? = nil,
        limits: PDFLimits = PDFLimits()
    ) -> [SignatureReport] {
        do throws(PDFFault) {
            let set = try PDFSignatureSet(try PDFFile(source, limits: limits))
            if set.entries.isEmpty { return [Self.unsigned(SignatureReason(.pdfUnsigned), document)] }
            var judge = PDFSignatureJudge(self, set, time: time, document: document)
            var reports = judge.reports()
            if set.entries.count > PDFSignatureSet.signaturesMax {
                reports.append(Self.refused(SignatureReason(.pdfTooManySignatures), document))
            }
            return reports
        } catch {
            let reason = SignatureReason(error)
            return [
                Self.isUnsigned(error, source)
                    ? Self.unsigned(reason, document) : Self.refused(reason, document)
            ]
        }
    }

    /// Whether it is worth judging: false where its structure shows quickly that it has no signature.
    package static func maySign(_ source: any PDFSource) -> Bool {
        var limits = PDFLimits()
        limits.workMax = 8_000_000
        do throws(PDFFault) {
            return try !PDFSignatureSet(try PDFFile(source, limits: limits)).entries.isEmpty
        } catch {
            return !isUnsigned(error, source)
        }
    }

    /// Broken, and nothing in it claims a signature: a file that is not ours to judge.
    private static func isUnsigned(_ fault: PDFFault, _ source: any PDFSource) -> Bool {
        switch fault.kind {
        case .malformed, .notPDF, .unsupported: !PDFMarkers.claimSignature(in: source)
        case .encrypted, .tooLarge, .unreadable: false
        }
    }

    private static func unsigned(_ reason: SignatureReason, _ document: String?) -> SignatureReport {
        var draft = ReportDraft(.none)
        draft.document = document
        draft.fail(reason)
        return draft.report()
    }

    private static func refused(_ reason: SignatureReason, _ document: String?) -> SignatureReport {
        var draft = ReportDraft(.pades)
        draft.document = document
        draft.fail(reason)
        return draft.report()
    }
}

extension SignatureReason {
    init(_ fault: PDFFault) {
        let code: SignatureReasonCode =
            switch fault.kind {
            case .malformed, .notPDF: .pdfMalformed
            case .encrypted: .pdfEncrypted
            case .unsupported: .pdfUnsupported
            case .tooLarge: .pdfTooLarge
            case .unreadable: .pdfUnreadable
            }
        self.init(code, fault.offset > 0 ? "\(fault.what), \(fault.offset)" : fault.what)
    }
}

/// Looks for signs of a signature in a file that cannot be read by its structure.
enum PDFMarkers {
    private static let words = ["/ByteRange", "/AcroForm", "/Sig", "/ObjStm"].map { Array($0.utf8) }
    private static let pieceBytes = 256 << 10
    /// Of the longest word with each of its letters written as `#xx`.
    private static let nameBytes = 32

    /// Letter by letter: a file may be nothing but slashes, and no bound of work counts them.
    private static func begins(_ text: [UInt8], at start: Int, with word: [UInt8]) -> Bool {
        var place = start
        for letter in word {
            guard place < text.count else { return false }
            var byte = text[place]
            place += 1
            if byte == 0x23, place + 1 < text.count, let high = PDFByte.hexValue(text[place]),
                let low = PDFByte.hexValue(text[place + 1])
            {
                byte = high << 4 | low
                place += 2
            }
            guard byte == letter else { return false }
        }
        return true
    }

    static func claimSignature(in source: any PDFSource) -> Bool {
        var offset = 0
        while offset < source.byteCount {
            let count = min(pieceBytes, source.byteCount - offset)
            guard let piece = try? source.read(at: offset, count: count) else { return true }
            let found = piece.indices.contains { index in
                piece[index] == 0x2F && words.contains { begins(piece, at: index, with: $0) }
            }
            if found { return true }
            if offset + count == source.byteCount { break }
            // A word may lie across two pieces.
            offset += count - nameBytes
        }
        return false
    }
}
