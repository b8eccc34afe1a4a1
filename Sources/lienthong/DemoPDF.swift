/// A real one-page PDF with a few lines of text, for the demo's letter.
enum DemoPDF {
    /// - Parameter lines: ASCII; the standard Helvetica knows no Vietnamese.
    static func bytes(lines: [String]) -> [UInt8] {
        let text = lines.enumerated().map { index, line in
            let shown = line.filter { $0.isASCII && $0 != "(" && $0 != ")" }
            return "BT /F1 \(index == 0 ? 18 : 12) Tf 72 \(760 - index * 28) Td (\(shown)) Tj ET"
        }.joined(separator: "\n")
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                + "/Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
            "<< /Length \(text.utf8.count) >>\nstream\n\(text)\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
        var bytes = Array("%PDF-1.7\n".utf8)
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(bytes.count)
            bytes += Array("\(index + 1) 0 obj\n\(object)\nendobj\n".utf8)
        }
        let start = bytes.count
        bytes += Array("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n".utf8)
        for offset in offsets {
            let digits = String(offset)
            bytes += Array(
                "\(String(repeating: "0", count: 10 - digits.utf8.count))\(digits) 00000 n \n".utf8)
        }
        bytes += Array(
            "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n".utf8)
        return bytes
    }
}
