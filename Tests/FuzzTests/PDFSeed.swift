import Exchange
import OpenSSL
import Signature

/// A small PDF, signed: the room for its CMS is as long as the CMS needs, so that a mutation meets something.
struct PDFSeed {
    private(set) var bytes = Array("%PDF-1.7\n".utf8)
    private var lastSection: Int?
    private static let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]"

    init() {
        append([
            (1, "<< /Type /Catalog /Pages 2 0 R >>"), (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            (3, "\(Self.page) >>"),
        ])
    }

    /// Signs what there is, in one more revision.
    mutating func sign(_ identity: SigningIdentity) throws {
        let signer = CMSSigner(identity)
        let digest = Digester.hash([0], signer.digest)
        // An ECDSA signature may be a few bytes longer than another one.
        let room = 2 * (try signer.sign(contentDigest: digest, at: Material.time).count + 16)
        let digits = String(repeating: "0", count: room)
        append([
            (1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [5 0 R] >> >>"),
            (3, "\(Self.page) /Annots [5 0 R] >>"),
            (
                4,
                "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
                    + "/ByteRange [0 AAAAAAA BBBBBBB CCCCCCC] /Contents <\(digits)> >>"
            ),
            (
                5,
                "<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 4 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>"
            ),
        ])
        guard let start = range(of: "/Contents <").map({ $0.upperBound - 1 }) else { return }
        let end = start + room + 2
        for (mark, number) in [("AAAAAAA", start), ("BBBBBBB", end), ("CCCCCCC", bytes.count - end)] {
            guard let place = range(of: mark) else { return }
            let text = "\(number)"
            bytes.replaceSubrange(
                place, with: Array((text + String(repeating: " ", count: 7 - text.utf8.count)).utf8))
        }
        let covered = Array(bytes[..<start] + bytes[end...])
        let cms = try signer.sign(contentDigest: Digester.hash(covered, signer.digest), at: Material.time)
        let value = Array(Hex.encode(cms).utf8)
        bytes.replaceSubrange(start + 1..<start + 1 + value.count, with: value)
    }

    private mutating func append(_ objects: [(number: Int, text: String)]) {
        var table = "xref\n"
        if lastSection == nil { table += "0 1\n0000000000 65535 f \n" }
        for (number, text) in objects {
            let digits = "\(bytes.count)"
            table +=
                "\(number) 1\n\(String(repeating: "0", count: 10 - digits.utf8.count))\(digits) 00000 n \n"
            bytes += Array("\(number) 0 obj\n\(text)\nendobj\n".utf8)
        }
        let previous = lastSection.map { " /Prev \($0)" } ?? ""
        let size = lastSection == nil ? 4 : 6
        lastSection = bytes.count
        table += "trailer\n<< /Size \(size) /Root 1 0 R\(previous) >>\nstartxref\n\(bytes.count)\n%%EOF\n"
        bytes += Array(table.utf8)
    }

    private func range(of text: String) -> Range<Int>? {
        let wanted = Array(text.utf8)
        return bytes.indices.dropLast(wanted.count - 1).first { bytes[$0...].starts(with: wanted) }
            .map { $0..<$0 + wanted.count }
    }
}
