/// The records of a ZIP archive around its one entry's data.
enum ZipDirectory {
    typealias Fault = ZipEntryReader.Fault

    struct LocalHeader {
        let name: [UInt8]
        let isDeflated: Bool
        /// Sizes and checksum follow the data instead.
        let hasDescriptor: Bool
        let packedBytes: UInt64
        let unpackedBytes: UInt64
        let crc: UInt32
        /// Of the header itself.
        let byteCount: Int
    }

    /// What was found between the records.
    struct Content {
        let header: LocalHeader
        let crc: UInt32
        let packedBytes: UInt64
        let unpackedBytes: UInt64
    }

    private static let fixedBytes = 30

    /// Section 4.3.7. Nil while `bytes` do not hold all of it.
    static func localHeader(_ bytes: [UInt8]) throws(Fault) -> LocalHeader? {
        let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
        guard zip(bytes, signature).allSatisfy({ $0 == $1 }) else { throw .notZip }
        guard bytes.count >= fixedBytes else { return nil }
        let record = LittleEndian(bytes)
        let flags = record.number16(6)
        let method = record.number16(8)
        // Bit 0 encrypted, 6 strong encryption, 13 masked header.
        guard flags & 0x2041 == 0 else { throw .encrypted }
        guard method == 0 || method == 8 else { throw .method }
        let nameCount = record.number16(26)
        let end = fixedBytes + nameCount + record.number16(28)
        guard bytes.count >= end else { return nil }
        let name = Array(bytes[fixedBytes..<(fixedBytes + nameCount)])
        guard isSafe(name) else { throw .entryName }
        var packed = UInt64(record.number32(18))
        var unpacked = UInt64(record.number32(22))
        if packed == 0xFFFF_FFFF || unpacked == 0xFFFF_FFFF,
            let wide = wideSizes(LittleEndian(Array(bytes[(fixedBytes + nameCount)..<end])))
        {
            (unpacked, packed) = wide
        }
        let hasDescriptor = flags & 0x08 != 0
        // A stored entry of unknown length has no end that could be found.
        guard method == 8 || !hasDescriptor else { throw .method }
        return LocalHeader(
            name: name, isDeflated: method == 8, hasDescriptor: hasDescriptor, packedBytes: packed,
            unpackedBytes: unpacked, crc: record.number32(14), byteCount: end)
    }

    /// Section 4.5.3: sizes of eight bytes, the unpacked one first.
    private static func wideSizes(_ extra: LittleEndian) -> (UInt64, UInt64)? {
        var offset = 0
        while offset + 4 <= extra.count {
            let length = extra.number16(offset + 2)
            if extra.number16(offset) == 1, length >= 16, offset + 20 <= extra.count {
                return (extra.number64(offset + 4), extra.number64(offset + 12))
            }
            offset += 4 + length
        }
        return nil
    }

    private static func isSafe(_ name: [UInt8]) -> Bool {
        // Old software writes names in its own code page, so only what steers a path is looked at.
        if name.isEmpty || name.count > 255 || name == [0x2E] || name == [0x2E, 0x2E] { return false }
        return !name.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C || $0 == 0x3A }
    }

    /// Compares what follows the data, from `offset` in the archive, with what the data was.
    static func check(_ trailer: [UInt8], at offset: UInt64, against content: Content) throws(Fault) {
        let record = LittleEndian(trailer)
        var start = 0
        if content.header.hasDescriptor {
            start = try descriptorEnd(record, content)
        } else {
            guard content.header.crc == content.crc, content.header.packedBytes == content.packedBytes,
                content.header.unpackedBytes == content.unpackedBytes
            else { throw .corrupt }
        }
        if record.isSignature(0x0403_4B50, at: start) { throw .severalEntries }
        let directoryEnd = try checkCentralEntry(record, from: start, content)
        if record.isSignature(0x0201_4B50, at: directoryEnd) { throw .severalEntries }
        try checkEnd(
            record, from: directoryEnd, directoryAt: offset + UInt64(start),
            directoryCount: directoryEnd - start)
    }

    /// Section 4.3.9: with or without its signature, with sizes of four bytes or of eight.
    private static func descriptorEnd(_ record: LittleEndian, _ content: Content) throws(Fault) -> Int {
        for first in [4, 0] where first == 0 || record.isSignature(0x0807_4B50, at: 0) {
            guard first + 12 <= record.count, record.number32(first) == content.crc else { continue }
            if UInt64(record.number32(first + 4)) == content.packedBytes,
                UInt64(record.number32(first + 8)) == content.unpackedBytes
            {
                return first + 12
            }
            if first + 20 <= record.count, record.number64(first + 4) == content.packedBytes,
                record.number64(first + 12) == content.unpackedBytes
            {
                return first + 20
            }
        }
        throw .corrupt
    }

    /// Section 4.3.12.
    private static func checkCentralEntry(
        _ record: LittleEndian, from start: Int, _ content: Content
    ) throws(Fault) -> Int {
        guard record.isSignature(0x0201_4B50, at: start), start + 46 <= record.count else { throw .corrupt }
        let nameCount = record.number16(start + 28)
        let end = start + 46 + nameCount + record.number16(start + 30) + record.number16(start + 32)
        guard end <= record.count, record.slice(start + 46, nameCount) == content.header.name,
            record.number16(start + 10) == (content.header.isDeflated ? 8 : 0),
            record.number32(start + 16) == content.crc,
            matches(record.number32(start + 20), content.packedBytes),
            matches(record.number32(start + 24), content.unpackedBytes),
            matches(record.number32(start + 42), 0)
        else { throw .corrupt }
        return end
    }

    /// Sections 4.3.14 to 4.3.16.
    private static func checkEnd(
        _ record: LittleEndian, from start: Int, directoryAt offset: UInt64, directoryCount: Int
    ) throws(Fault) {
        var end = start
        if record.isSignature(0x0606_4B50, at: end), end + 12 <= record.count {
            guard let length = Int(exactly: record.number64(end + 4)), length < record.count else {
                throw .corrupt
            }
            end += 12 + length
            guard record.isSignature(0x0706_4B50, at: end) else { throw .corrupt }
            end += 20
        }
        guard record.isSignature(0x0605_4B50, at: end), end + 22 <= record.count,
            end + 22 + record.number16(end + 20) == record.count
        else { throw .corrupt }
        let entries = record.number16(end + 10)
        guard entries == record.number16(end + 8), entries == 1 || entries == 0xFFFF else {
            throw .severalEntries
        }
        guard matches(record.number32(end + 12), UInt64(directoryCount)),
            matches(record.number32(end + 16), offset)
        else { throw .corrupt }
    }

    /// Sizes that do not fit are written as all ones, with the real one in a record of eight bytes.
    private static func matches(_ written: UInt32, _ real: UInt64) -> Bool {
        UInt64(written) == real || written == 0xFFFF_FFFF
    }
}

/// Numbers in a record; reading past its end gives zero, so callers check lengths where it matters.
private struct LittleEndian {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    private func number(_ offset: Int, _ width: Int) -> UInt64 {
        guard offset >= 0, offset + width <= bytes.count else { return 0 }
        return bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func number16(_ offset: Int) -> Int { Int(number(offset, 2)) }
    func number32(_ offset: Int) -> UInt32 { UInt32(number(offset, 4)) }
    func number64(_ offset: Int) -> UInt64 { number(offset, 8) }

    func isSignature(_ signature: UInt32, at offset: Int) -> Bool { number32(offset) == signature }

    func slice(_ offset: Int, _ length: Int) -> [UInt8] {
        guard offset >= 0, offset + length <= bytes.count else { return [] }
        return Array(bytes[offset..<(offset + length)])
    }
}
