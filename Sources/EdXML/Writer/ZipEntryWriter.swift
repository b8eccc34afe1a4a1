internal import Files

/// A ZIP archive with one DEFLATE entry.
///
/// The file is compressed twice, first only to be measured: with CRC and sizes in the local header even
/// readers that know no data descriptor can take the archive, and memory stays flat.
struct ZipEntryWriter {
    private struct Measure: Equatable {
        var crc = CRC32()
        var byteCount: Int64 = 0
        var compressedCount: Int64 = 0
    }

    private static let chunkBytes = 192 << 10
    /// 1980-01-01, the first day that DOS knows: the same file always gives the same archive.
    private static let date: UInt16 = 0x0021
    private static let versionNeeded: UInt16 = 20
    /// Bit 11: the name is UTF-8 (it is ASCII, which is the same).
    private static let flags: UInt16 = 0x0800
    private static let methodDeflate: UInt16 = 8

    private let file: File
    private let name: [UInt8]
    private let measure: Measure

    /// Reads the file once.
    init(_ file: File, entryName: String) throws(DraftError) {
        self.file = file
        name = Array(entryName.utf8)
        measure = try Self.compress(file) { (_) throws(DraftError) in }
        guard max(measure.byteCount, measure.compressedCount) < Int64(UInt32.max) - 1 << 16 else {
            throw .tooLarge(path: file.path)
        }
    }

    /// Reads the file a second time and gives the archive to `take`, piece by piece.
    func write(_ take: (Span<UInt8>) throws(DraftError) -> Void) throws(DraftError) {
        try take(localHeader.span)
        let written = try Self.compress(file, take)
        // The header that went before would lie.
        guard written == measure else { throw .changed(path: file.path) }
        try take(directory.span)
    }

    private static func compress(
        _ file: File, _ take: (Span<UInt8>) throws(DraftError) -> Void
    ) throws(DraftError) -> Measure {
        let deflater = RawDeflater()
        var measure = Measure()
        var isLast = false
        while !isLast {
            let chunk = try file.chunk(at: measure.byteCount, count: chunkBytes)
            isLast = chunk.count < chunkBytes
            measure.crc.update(chunk.span)
            measure.byteCount += Int64(chunk.count)
            var produced: Int64 = 0
            try deflater.feed(chunk.span, isLast: isLast) { (bytes) throws(DraftError) in
                produced += Int64(bytes.count)
                try take(bytes)
            }
            measure.compressedCount += produced
        }
        return measure
    }

    /// APPNOTE 4.3.7.
    private var localHeader: [UInt8] {
        var header = LittleEndianBytes()
        header.append(0x0403_4B50 as UInt32)
        appendCommonFields(to: &header)
        return header.bytes + name
    }

    /// APPNOTE 4.3.12 and 4.3.16: the central directory with its one entry, and its end.
    private var directory: [UInt8] {
        var entry = LittleEndianBytes()
        entry.append(0x0201_4B50 as UInt32)
        entry.append(Self.versionNeeded)
        appendCommonFields(to: &entry)
        for _ in 0..<3 { entry.append(0 as UInt16) }  // comment, disk, internal attributes
        entry.append(0 as UInt32)  // external attributes
        entry.append(0 as UInt32)  // offset of the local header
        let entryBytes = entry.bytes + name
        var end = LittleEndianBytes()
        end.append(0x0605_4B50 as UInt32)
        end.append(0 as UInt16)
        end.append(0 as UInt16)
        end.append(1 as UInt16)
        end.append(1 as UInt16)
        end.append(UInt32(entryBytes.count))
        end.append(UInt32(Int64(localHeader.count) + measure.compressedCount))
        end.append(0 as UInt16)
        return entryBytes + end.bytes
    }

    /// What the local header and the directory entry have alike.
    private func appendCommonFields(to header: inout LittleEndianBytes) {
        header.append(Self.versionNeeded)
        header.append(Self.flags)
        header.append(Self.methodDeflate)
        header.append(0 as UInt16)  // time
        header.append(Self.date)
        header.append(measure.crc.value)
        header.append(UInt32(measure.compressedCount))
        header.append(UInt32(measure.byteCount))
        header.append(UInt16(name.count))
        header.append(0 as UInt16)  // extra field
    }
}

private struct LittleEndianBytes {
    var bytes: [UInt8] = []

    mutating func append(_ number: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension File {
    /// As `read`, with the error of a draft.
    func chunk(at offset: Int64, count: Int) throws(DraftError) -> [UInt8] {
        do { return try read(at: offset, count: count) } catch { throw .file(error) }
    }
}
