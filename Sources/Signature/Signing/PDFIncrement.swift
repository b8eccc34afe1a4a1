internal import Exchange
internal import PDF

/// One more revision for a file: objects, and a cross-reference section of the kind that the file has.
struct PDFIncrement {
    let file: PDFFile
    private let original: [UInt8]
    private var objects: [(reference: PDFReference, text: [UInt8], contents: Range<Int>?)] = []
    private var nextNumber: Int

    /// `[0 … … …]` with room for three numbers of ten digits, blanks at the end.
    static let byteRangeBytes = 36

    init(_ file: PDFFile, _ original: [UInt8]) {
        self.file = file
        self.original = original
        let named = file.revisions.compactMap { $0.trailer["Size"]?.integer }.max() ?? 0
        let used = file.revisions.compactMap { $0.entries.last?.number }.max() ?? 0
        nextNumber = max(named, used + 1)
    }

    mutating func newReference() -> PDFReference {
        nextNumber += 1
        return PDFReference(nextNumber - 1, 0)
    }

    mutating func add(_ reference: PDFReference, _ value: PDFValue) {
        objects.append((reference, PDFWriter.text(of: value), nil))
    }

    /// With blanks where the ranges go and zeros where the signature goes, Contents being the last.
    mutating func addSignature(
        _ reference: PDFReference, _ description: PDFSigner.Description, at time: Instant
    ) {
        var text = "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M ("
        text += Self.date(time) + ")"
        var bytes = Array(text.utf8)
        if let reason = description.reason {
            bytes += Array(" /Reason ".utf8) + PDFWriter.text(of: .string(PDFText.encode(reason)))
        }
        bytes += Array(" /ByteRange [0".utf8) + [UInt8](repeating: 0x20, count: Self.byteRangeBytes - 3)
        bytes += Array("] /Contents ".utf8)
        let start = bytes.count
        bytes += Array("<".utf8) + [UInt8](repeating: 0x30, count: PDFSigner.contentsDigits)
        bytes += Array(">".utf8)
        let contents = start..<bytes.count
        bytes += Array(" >>".utf8)
        objects.append((reference, bytes, contents))
    }

    /// `D:20261125221500Z`
    private static func date(_ time: Instant) -> String {
        "D:" + time.rfc3339.prefix(19).filter { $0.isNumber } + "Z"
    }

    /// The whole file, and where the signature's Contents is in it.
    func written() -> (bytes: [UInt8], contents: Range<Int>) {
        var bytes = original
        if let last = bytes.last, last != 0x0A { bytes.append(0x0A) }
        var places: [(PDFReference, Int)] = []
        var contents = 0..<0
        for object in objects {
            places.append((object.reference, bytes.count))
            bytes += Array("\(object.reference.number) \(object.reference.generation) obj\n".utf8)
            if let range = object.contents {
                contents = bytes.count + range.lowerBound..<bytes.count + range.upperBound
            }
            bytes += object.text + Array("\nendobj\n".utf8)
        }
        places.sort { $0.0.number < $1.0.number }
        let trailer = file.trailer(at: file.lastRevision)
        bytes +=
            trailer.isType("XRef")
            ? stream(places, trailer, at: bytes.count) : table(places, trailer, at: bytes.count)
        return (bytes, contents)
    }

    private func linkedTrailer(_ trailer: PDFDictionary, size: Int) -> PDFDictionary {
        var linked = PDFDictionary()
        for key: PDFName in ["Root", "Info", "ID"] { linked[key] = trailer[key] }
        linked["Size"] = .integer(size)
        linked["Prev"] = .integer(file.lastSectionOffset)
        return linked
    }

    private func table(_ places: [(PDFReference, Int)], _ trailer: PDFDictionary, at start: Int) -> [UInt8] {
        var text = "xref\n"
        for (reference, offset) in places {
            func padded(_ number: Int, _ count: Int) -> String {
                let digits = "\(number)"
                return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
            }
            text += "\(reference.number) 1\n\(padded(offset, 10)) \(padded(reference.generation, 5)) n \n"
        }
        let linked = linkedTrailer(trailer, size: nextNumber)
        return Array((text + "trailer\n").utf8) + PDFWriter.text(of: .dictionary(linked))
            + Array("\nstartxref\n\(start)\n%%EOF\n".utf8)
    }

    private func stream(_ places: [(PDFReference, Int)], _ trailer: PDFDictionary, at start: Int) -> [UInt8] {
        let own = PDFReference(nextNumber, 0)
        var rows: [UInt8] = []
        var index: [PDFValue] = []
        for (reference, offset) in places + [(own, start)] {
            index += [.integer(reference.number), .integer(1)]
            rows.append(1)
            for shift in stride(from: 56, through: 0, by: -8) {
                rows.append(UInt8(truncatingIfNeeded: offset >> shift))
            }
            rows += [
                UInt8(truncatingIfNeeded: reference.generation >> 8),
                UInt8(truncatingIfNeeded: reference.generation),
            ]
        }
        var dictionary = linkedTrailer(trailer, size: nextNumber + 1)
        dictionary["Type"] = .name("XRef")
        dictionary["W"] = .array([.integer(1), .integer(8), .integer(2)])
        dictionary["Index"] = .array(index)
        dictionary["Length"] = .integer(rows.count)
        return Array("\(own.number) 0 obj\n".utf8) + PDFWriter.text(of: .dictionary(dictionary))
            + Array("\nstream\n".utf8) + rows
            + Array("\nendstream\nendobj\nstartxref\n\(start)\n%%EOF\n".utf8)
    }
}

/// Values as text.
enum PDFWriter {
    static func text(of value: PDFValue) -> [UInt8] {
        switch value {
        case .null: Array("null".utf8)
        case .boolean(let value): Array((value ? "true" : "false").utf8)
        case .integer(let number): Array("\(number)".utf8)
        case .real(let digits): digits
        case .string(let bytes): Array("<\(Hex.encode(bytes))>".utf8)
        case .name(let name): text(of: name)
        case .reference(let reference): Array("\(reference.number) \(reference.generation) R".utf8)
        case .array(let values):
            Array("[".utf8) + Array(values.map { text(of: $0) }.joined(separator: [0x20])) + Array("]".utf8)
        case .dictionary(let dictionary):
            Array("<<".utf8)
                + Array(
                    dictionary.entries.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
                        .map { [0x20] + text(of: $0.key) + [0x20] + text(of: $0.value) }.joined())
                + Array(" >>".utf8)
        }
    }

    private static func text(of name: PDFName) -> [UInt8] {
        name.bytes.reduce(into: [0x2F]) { text, byte in
            let isPlain = byte > 0x20 && byte < 0x7F && !"()<>[]{}/%#".utf8.contains(byte)
            if isPlain { text.append(byte) } else { text += Array("#\(Hex.encode([byte]))".utf8) }
        }
    }
}
