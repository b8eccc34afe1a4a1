package import Exchange
internal import OpenSSL
internal import PDF

/// Signs a PDF by an increment: what is there stays byte for byte, so signatures in it stay whole.
///
/// The field is invisible, and hangs on the first page. PAdES-B (ETSI EN 319 142-1).
package struct PDFSigner: Sendable {
    package struct Description: Sendable {
        /// Of the new signature field; must not be taken.
        package var field: String
        /// Why somebody signs; shown by viewers.
        package var reason: String?

        package init(field: String, reason: String? = nil) {
            self.field = field
            self.reason = reason
        }
    }

    /// Room for the CMS, in bytes: certificates of a chain of three, and one timestamp.
    private static let contentsBytes = 16 << 10

    private let signer: CMSSigner

    package init(_ identity: SigningIdentity) {
        signer = CMSSigner(identity)
    }

    /// - Returns: the whole signed file.
    /// - Throws: `SigningError.invalidDocument` for what is no proper PDF, or has that field already.
    package func sign(
        _ bytes: [UInt8], _ description: Description, at time: Instant
    ) throws(SigningError) -> [UInt8] {
        do {
            let file = try PDFFile(PDFBytes(bytes))
            guard file.trailingByteCount == 0 else {
                throw PDFFault(.malformed, "bytes behind the last revision", at: bytes.count)
            }
            var increment = PDFIncrement(file, bytes)
            try addField(description, at: time, to: &increment)
            let written = increment.written()
            return try fill(written.bytes, contentsAt: written.contents)
        } catch let error as SigningError {
            throw error
        } catch {
            throw SigningError(.invalidDocument, "tệp PDF không ký được: \(error)")
        }
    }

    private func addField(
        _ description: Description, at time: Instant, to increment: inout PDFIncrement
    ) throws {
        let file = increment.file
        let revision = file.lastRevision
        let form = try PDFForm(of: file, at: revision)
        guard !form.fields.contains(where: { $0.name.utf8.elementsEqual(description.field.utf8) }) else {
            throw SigningError(.invalidDocument, "tệp PDF đã có trường chữ ký tên \(description.field)")
        }
        guard let root = file.trailer(at: revision)["Root"]?.reference,
            var catalog = try file.object(root, at: revision)?.dictionary,
            let page = try firstPage(of: catalog, in: file, at: revision),
            var pageDictionary = try file.object(page, at: revision)?.dictionary
        else { throw PDFFault(.malformed, "no page", at: 0) }
        let value = increment.newReference()
        let field = increment.newReference()
        increment.addSignature(value, description, at: time)
        var widget = PDFDictionary()
        widget["Type"] = .name("Annot")
        widget["Subtype"] = .name("Widget")
        widget["FT"] = .name("Sig")
        widget["T"] = .string(PDFText.encode(description.field))
        widget["V"] = .reference(value)
        widget["F"] = .integer(132)
        widget["Rect"] = .array([.integer(0), .integer(0), .integer(0), .integer(0)])
        widget["P"] = .reference(page)
        increment.add(field, .dictionary(widget))

        let annotations = try file.resolve(pageDictionary["Annots"], at: revision).array ?? []
        pageDictionary["Annots"] = .array(annotations + [.reference(field)])
        increment.add(page, .dictionary(pageDictionary))

        var dictionary = form.dictionary ?? PDFDictionary()
        let fields = try file.resolve(dictionary["Fields"], at: revision).array ?? []
        dictionary["Fields"] = .array(fields + [.reference(field)])
        dictionary["SigFlags"] = .integer(3)
        catalog["AcroForm"] = .dictionary(dictionary)
        increment.add(root, .dictionary(catalog))
    }

    private func firstPage(
        of catalog: PDFDictionary, in file: PDFFile, at revision: Int
    ) throws(PDFFault) -> PDFReference? {
        var node = catalog["Pages"]?.reference
        for _ in 0..<32 {
            guard let reference = node, let dictionary = try file.object(reference, at: revision)?.dictionary
            else { return nil }
            if dictionary.isType("Page") { return reference }
            node = try file.resolve(dictionary["Kids"], at: revision).array?.first?.reference
        }
        return nil
    }

    /// Writes the ranges, digests them, and puts the signature where room was left for it.
    private func fill(_ written: [UInt8], contentsAt contents: Range<Int>) throws -> [UInt8] {
        var bytes = written
        let numbers = [0, contents.lowerBound, contents.upperBound, bytes.count - contents.upperBound]
        let text = "[" + numbers.map { "\($0)" }.joined(separator: " ")
        let place = contents.lowerBound - PDFIncrement.byteRangeBytes - "/Contents ".utf8.count - 1
        for (index, byte) in text.utf8.enumerated() { bytes[place + index] = byte }
        let digester = Digester(signer.digest)
        digester.update(Array(bytes[..<contents.lowerBound]))
        digester.update(Array(bytes[contents.upperBound...]))
        let cms = try signer.sign(contentDigest: digester.finalize(), at: nil)
        guard cms.count <= Self.contentsBytes else {
            throw SigningError(.invalidDocument, "chữ ký lớn quá \(Self.contentsBytes) byte")
        }
        for (index, byte) in Hex.encode(cms).utf8.enumerated() {
            bytes[contents.lowerBound + 1 + index] = byte
        }
        return bytes
    }

    static var contentsDigits: Int { contentsBytes * 2 }
}
