internal import Files

/// From record to record through a segment file, over gaps and over what is damaged.
///
/// Gaps of zeros are normal: the header of a batch without payloads may be lost with the power, and space is
/// reserved ahead.
struct RecordWalk {
    enum Step {
        case record(SegmentFormat.RecordHeader, offset: Int64)
        /// Neither zeros nor a record; the walk goes on at the next whole header.
        case damaged(offset: Int64)
    }

    private static let windowBytes = 64 << 10

    private let file: File
    private let size: Int64
    private var offset: Int64

    /// - Parameter size: where to stop, in bytes.
    init(file: File, size: Int64, from offset: Int64 = LogPosition.initial.end) {
        self.file = file
        self.size = size
        self.offset = offset
    }

    /// Nil at the end.
    mutating func next() throws(FileError) -> Step? {
        guard offset < size else { return nil }
        let start = offset
        if let record = try record(at: offset) {
            offset += SegmentFormat.recordBytes(body: record.length)
            return .record(record, offset: start)
        }
        let isGap = try skipZeros()
        if isGap { return try next() }
        guard offset < size else { return nil }
        let damaged = offset
        try findHeader()
        return .damaged(offset: damaged)
    }

    private func record(at offset: Int64) throws(FileError) -> SegmentFormat.RecordHeader? {
        let bytes = try file.read(at: offset, count: SegmentFormat.recordHeaderBytes)
        guard let record = SegmentFormat.recordHeader(bytes), record.length >= 0,
            record.length <= size - offset - Int64(SegmentFormat.recordHeaderBytes)
        else { return nil }
        return record
    }

    /// - Returns: false where the next byte is none.
    private mutating func skipZeros() throws(FileError) -> Bool {
        let start = offset
        while offset < size {
            let window = try file.read(at: offset, count: Int(min(Int64(Self.windowBytes), size - offset)))
            if let index = window.firstIndex(where: { $0 != 0 }) {
                offset += Int64(index)
                return offset > start
            }
            guard !window.isEmpty else { break }
            offset += Int64(window.count)
        }
        return offset > start
    }

    private mutating func findHeader() throws(FileError) {
        offset += 1
        while offset < size {
            let window = try file.read(at: offset, count: Int(min(Int64(Self.windowBytes), size - offset)))
            guard !window.isEmpty else { break }
            var index = window.startIndex
            while let found = window[index...].firstIndex(of: UInt8(ascii: "L")) {
                if try record(at: offset + Int64(found)) != nil {
                    offset += Int64(found)
                    return
                }
                index = found + 1
            }
            offset += Int64(window.count)
        }
        offset = size
    }
}
