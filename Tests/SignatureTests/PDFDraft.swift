import CZlib
import Exchange
import OpenSSL
import Signature

/// Builds PDFs by hand, well or badly, increment by increment.
struct PDFDraft {
    /// How the cross-reference section and the objects of an increment are written.
    enum Style: Sendable, CaseIterable { case table, stream, packed }

    /// A signature's dictionary and field, and what may be wrong with them.
    struct Shape {
        var name = "Leader"
        var subFilter = "/SubFilter /ETSI.CAdES.detached"
        /// More entries of the signature dictionary.
        var entries = ""
        /// More entries of the field.
        var fieldEntries = ""
        var rectangle = "[0 0 0 0]"
        /// The field's number where it is there already.
        var existingField: Int?
        /// From a, b, c of `[0 a b c]`; at most 40 characters.
        var byteRange: @Sendable (Int, Int, Int) -> String = { "/ByteRange [0 \($0) \($1) \($2)]" }
        /// What goes between the angle brackets, of the length that it gets.
        var contents: @Sendable (_ cms: String, _ length: Int) -> String = { cms, length in
            cms + String(repeating: "0", count: length - cms.utf8.count)
        }
        /// Makes the signature, in place of the authority's signer.
        var cms: ((_ covered: [UInt8]) throws -> [UInt8])?
        /// Further objects of the increment.
        var objects: [(Int, String)] = []
        var trailer = ""
    }

    private(set) var bytes = Array("%PDF-1.7\n%âãÏÓ\n".utf8)
    private(set) var sections: [Int] = []
    var style = Style.table
    var catalogEntries = ""
    var formEntries = "/SigFlags 3"
    var pageEntries = ""
    var fields: [Int] = []
    var annotations: [Int] = []
    var nextNumber = 6
    /// What trailers say of it, where that is not the truth.
    var size: Int?
    /// Of the last signature's Contents, brackets included.
    private(set) var contents = 0..<0

    static let information = "<< /Title (Cong van) /ModDate (D:20261120120000Z) >>"

    init(_ style: Style = .table, objects: [(Int, String)] = []) {
        self.style = style
        for (number, _) in objects { nextNumber = max(nextNumber, number + 1) }
        append(
            [
                (1, catalog), (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"), (3, page),
                (4, Self.stream("BT /F1 12 Tf 72 700 Td (Cong van 123) Tj ET")),
                (5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
            ] + objects)
    }

    static func stream(_ text: String, _ entries: String = "") -> String {
        "<< /Length \(text.utf8.count) \(entries) >>\nstream\n\(text)\nendstream"
    }

    var catalog: String {
        let form =
            fields.isEmpty
            ? "" : "/AcroForm << /Fields [\(Self.references(fields))] \(formEntries) >>"
        return "<< /Type /Catalog /Pages 2 0 R \(form) \(catalogEntries) >>"
    }

    var page: String {
        let list = annotations.isEmpty ? "" : "/Annots [\(Self.references(annotations))]"
        return "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            + "/Resources << /Font << /F1 5 0 R >> >> \(list) \(pageEntries) >>"
    }

    /// What makes a signature a certification, among its entries.
    static func certified(_ permission: Int) -> String {
        "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P \(permission) >> >>]"
    }

    static func references(_ numbers: [Int]) -> String { numbers.map { "\($0) 0 R" }.joined(separator: " ") }

    /// Text behind the end, without any cross-reference section.
    mutating func append(raw text: String) { bytes += Array(text.utf8) }

    mutating func append(raw more: [UInt8]) { bytes += more }

    mutating func newNumber() -> Int {
        nextNumber += 1
        return nextNumber - 1
    }

    /// One increment.
    mutating func append(
        _ objects: [(Int, String)], streams: [(Int, [UInt8])] = [], trailer: String = "", freed: [Int] = [],
        style: Style? = nil, entries: [(number: Int, kind: Int, first: Int, second: Int)] = []
    ) {
        let style = style ?? self.style
        var places: [(number: Int, kind: Int, first: Int, second: Int)] =
            entries + freed.map { ($0, 0, 0, 1) }
        var packed: [(Int, String)] = []
        for (number, text) in objects {
            let isPlain =
                text.contains("stream\n") || text.contains("/ByteRange") || text.contains("/Contents <")
            if style == .packed, !isPlain {
                packed.append((number, text))
            } else {
                places.append((number, 1, bytes.count, 0))
                bytes += Array("\(number) 0 obj\n\(text)\nendobj\n".utf8)
            }
        }
        for (number, data) in streams {
            places.append((number, 1, bytes.count, 0))
            bytes += Array("\(number) 0 obj\n<< /Length \(data.count) >>\nstream\n".utf8) + data
            bytes += Array("\nendstream\nendobj\n".utf8)
        }
        if !packed.isEmpty {
            let container = newNumber()
            places.append((container, 1, bytes.count, 0))
            for (index, item) in packed.enumerated() { places.append((item.0, 2, container, index)) }
            bytes += Self.objectStream(container, packed)
        }
        let first = sections.isEmpty
        let previous = sections.last.map { "/Prev \($0)" } ?? ""
        let start: Int
        let common = "/Root 1 0 R \(trailer) \(previous)"
        if style == .table {
            start = bytes.count
            bytes += Self.table(places, isFirst: first)
            bytes += Array("trailer\n<< /Size \(size ?? nextNumber) \(common) >>\n".utf8)
        } else {
            let number = newNumber()
            start = bytes.count
            places.append((number, 1, start, 0))
            if first { places.append((0, 0, 0, 65_535)) }
            bytes += Self.crossReferenceStream(number, places, "/Size \(size ?? nextNumber) \(common)")
        }
        sections.append(start)
        bytes += Array("startxref\n\(start)\n%%EOF\n".utf8)
    }

    private static func table(
        _ places: [(number: Int, kind: Int, first: Int, second: Int)], isFirst: Bool
    ) -> [UInt8] {
        func padded(_ number: Int, _ count: Int) -> String {
            String(repeating: "0", count: count - "\(number)".utf8.count) + "\(number)"
        }
        var text = "xref\n" + (isFirst ? "0 1\n0000000000 65535 f \n" : "")
        for place in places.sorted(by: { $0.number < $1.number }) {
            let kind = place.kind == 1 ? "n" : "f"
            text += "\(place.number) 1\n\(padded(place.first, 10)) \(padded(place.second, 5)) \(kind) \n"
        }
        return Array(text.utf8)
    }

    private static func crossReferenceStream(
        _ number: Int, _ places: [(number: Int, kind: Int, first: Int, second: Int)], _ trailer: String
    ) -> [UInt8] {
        let sorted = places.sorted { $0.number < $1.number }
        // Rows predicted by the row above, as most software writes them.
        var rows: [UInt8] = []
        var above = [UInt8](repeating: 0, count: 7)
        for place in sorted {
            let row =
                [UInt8(place.kind)]
                + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: place.first >> $0) }
                + [UInt8(place.second >> 8), UInt8(place.second & 0xFF)]
            rows += [2] + zip(row, above).map { $0 &- $1 }
            above = row
        }
        let data = deflate(rows)
        let index = sorted.map { "\($0.number) 1" }.joined(separator: " ")
        let head =
            "\(number) 0 obj\n<< /Type /XRef /W [1 4 2] /Index [\(index)] /Filter /FlateDecode "
            + "/DecodeParms << /Predictor 12 /Columns 7 >> /Length \(data.count) \(trailer) >>\nstream\n"
        return Array(head.utf8) + data + Array("\nendstream\nendobj\n".utf8)
    }

    static func objectStream(_ number: Int, _ objects: [(Int, String)]) -> [UInt8] {
        var index = ""
        var content = ""
        for (number, text) in objects {
            index += "\(number) \(content.utf8.count) "
            content += text + "\n"
        }
        let data = deflate(Array((index + content).utf8))
        let head =
            "\(number) 0 obj\n<< /Type /ObjStm /N \(objects.count) /First \(index.utf8.count) "
            + "/Filter /FlateDecode /Length \(data.count) >>\nstream\n"
        return Array(head.utf8) + data + Array("\nendstream\nendobj\n".utf8)
    }

    static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var size = compressBound(UInt(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(size))
        precondition(compress(&output, &size, bytes, UInt(bytes.count)) == Z_OK)
        return Array(output.prefix(Int(size)))
    }

    // MARK: - Signatures

    private static let contentsDigits = 8192

    /// One increment with a signature over everything up to its end.
    mutating func sign(_ authority: Authority, _ shape: Shape = Shape()) throws {
        let value = newNumber()
        let field = shape.existingField ?? newNumber()
        let placeholder = String(repeating: "0", count: Self.contentsDigits)
        let room = String(repeating: " ", count: 48)
        let dictionary =
            "<< /Type /Sig /Filter /Adobe.PPKLite \(shape.subFilter) \(shape.entries) \(room)"
            + "/Contents <\(placeholder)> >>"
        let widget =
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (\(shape.name)) /V \(value) 0 R /F 132 "
            + "/Rect \(shape.rectangle) /P 3 0 R \(shape.fieldEntries) >>"
        var objects = [(value, dictionary), (field, widget)] + shape.objects
        if shape.existingField == nil {
            fields.append(field)
            annotations.append(field)
            objects += [(1, catalog), (3, page)]
        }
        let before = bytes.count
        append(objects, trailer: shape.trailer)
        try fill(from: before, shape, authority, placeholder: placeholder, room: room)
    }

    private mutating func fill(
        from start: Int, _ shape: Shape, _ authority: Authority, placeholder: String, room: String
    ) throws {
        let mark = Array("/Contents <\(placeholder)>".utf8)
        let place = (start..<bytes.count - mark.count).first { bytes[$0...].starts(with: mark) }!
        contents = place + 10..<place + mark.count
        let numbers = (contents.lowerBound, contents.upperBound, bytes.count - contents.upperBound)
        put(shape.byteRange(numbers.0, numbers.1, numbers.2), at: place - room.utf8.count)
        let covered = Array(bytes[..<contents.lowerBound]) + Array(bytes[contents.upperBound...])
        let cms = try shape.cms?(covered) ?? Self.cms(over: covered, authority)
        put(shape.contents(Hex.encode(cms), Self.contentsDigits), at: contents.lowerBound + 1)
    }

    private static func cms(over covered: [UInt8], _ authority: Authority) throws -> [UInt8] {
        let identity = try SigningIdentity(
            certificate: authority.signer, key: authority.key, chain: [authority.agencies.certificate])
        let signer = CMSSigner(identity)
        return try signer.sign(contentDigest: Digester.hash(covered, signer.digest), at: nil)
    }

    mutating func put(_ text: String, at offset: Int) {
        for (index, byte) in text.utf8.enumerated() { bytes[offset + index] = byte }
    }

    mutating func put(_ more: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + more.count, with: more)
    }

    /// Replaces one text of the file by another of the same length.
    mutating func replace(_ old: String, by new: String) {
        precondition(old.utf8.count == new.utf8.count)
        let old = Array(old.utf8)
        let place = bytes.indices.first { bytes[$0...].starts(with: old) }!
        put(new, at: place)
    }
}
