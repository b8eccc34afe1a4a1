package import Files
package import PDF

/// Holds files of one letter one after the other: in memory as long as they are small together, else in one
/// file without a name, so that memory does not grow with the letter.
package final class PDFSpool {
    package struct Part: Sendable {
        fileprivate let start: Int
        fileprivate var count = 0
    }

    /// Of all parts together.
    private static let memoryBytesMax = 512 << 10

    private let folder: String
    private var memory: [UInt8] = []
    /// In memory.
    package var heldByteCount: Int { memory.count }
    private var file: File?
    private var length = 0
    /// Set once something could not be written; what comes after it is dropped.
    package private(set) var failure: FileError?

    package init(folder: String) {
        self.folder = folder
    }

    package func begin() -> Part { Part(start: length) }

    package func append(_ bytes: Span<UInt8>) {
        guard failure == nil, bytes.count > 0 else { return }
        if file == nil, length + bytes.count <= Self.memoryBytesMax {
            unsafe bytes.withUnsafeBufferPointer { unsafe memory.append(contentsOf: $0) }
            length += bytes.count
            return
        }
        do throws(FileError) {
            let file = try opened()
            try file.write(bytes, at: Int64(length))
            length += bytes.count
        } catch { failure = error }
    }

    private func opened() throws(FileError) -> File {
        if let file { return file }
        let made = try File(unnamedIn: folder)
        try made.write(memory, at: 0)
        memory = []
        file = made
        return made
    }

    package func end(_ part: Part) -> Part { Part(start: part.start, count: length - part.start) }

    /// To be asked when all parts have ended.
    package func document(_ part: Part) -> SpooledPDF {
        if let file { return SpooledPDF(file, at: part.start, count: part.count) }
        return SpooledPDF(memory, at: part.start, count: part.count)
    }
}

/// A PDF in memory or in a file, or in a part of either.
package final class SpooledPDF: PDFSource {
    private enum Place: Sendable {
        case memory([UInt8])
        case file(File)
    }

    private let place: Place
    private let start: Int
    package let byteCount: Int

    fileprivate init(_ bytes: [UInt8], at start: Int, count: Int) {
        place = .memory(bytes)
        self.start = start
        byteCount = count
    }

    fileprivate init(_ file: File, at start: Int, count: Int) {
        place = .file(file)
        self.start = start
        byteCount = count
    }

    package init(_ file: File) throws(FileError) {
        place = .file(file)
        start = 0
        byteCount = Int(try file.size())
    }

    package func read(at offset: Int, count: Int) throws(PDFFault) -> [UInt8] {
        guard offset >= 0, count >= 0, count <= byteCount - offset else {
            throw PDFFault(.unreadable, "read beyond the end", at: offset)
        }
        switch place {
        case .memory(let bytes): return Array(bytes[start + offset..<start + offset + count])
        case .file(let file):
            guard let bytes = try? file.read(at: Int64(start + offset), count: count), bytes.count == count
            else { throw PDFFault(.unreadable, "the file cannot be read", at: offset) }
            return bytes
        }
    }
}
