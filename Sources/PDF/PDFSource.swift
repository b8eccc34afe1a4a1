/// Bytes that can be read at any place: a file's, or memory's. Larger than memory, perhaps.
package protocol PDFSource: AnyObject, Sendable {
    var byteCount: Int { get }
    /// Exactly `count` bytes; the caller keeps inside of the file.
    func read(at offset: Int, count: Int) throws(PDFFault) -> [UInt8]
}

/// A PDF that lies in memory.
package final class PDFBytes: PDFSource {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var byteCount: Int { bytes.count }

    package func read(at offset: Int, count: Int) throws(PDFFault) -> [UInt8] {
        guard offset >= 0, count >= 0, count <= bytes.count - offset else {
            throw PDFFault(.unreadable, "read beyond the end", at: offset)
        }
        return Array(bytes[offset..<offset + count])
    }
}
