internal import AuditLog
internal import Exchange
internal import Files
internal import OpenSSL

/// Where the payload log ends, as the database has it.
struct LogPosition: Equatable {
    /// The segment that records are appended to.
    var segment: Int64
    /// Its first byte that is not part of a committed batch.
    var end: Int64
    /// The next number for a new segment file.
    var nextSegment: Int64
    /// Where the last batch header stands that is surely on disk; nil before the first. The tree that it
    /// names must be this database's own.
    var anchor: Anchor?

    struct Anchor: Equatable {
        var segment: Int64
        var offset: Int64
    }

    static let initial = LogPosition(
        segment: 1, end: Int64(SegmentFormat.segmentHeaderBytes), nextSegment: 2, anchor: nil)
}

/// Letters' bytes in append-only segment files, one fdatasync for each batch.
///
/// A batch's records are laid out first (`PayloadBatch`), because the database rows that name their places
/// are written before the bytes are; then written in one go, before COMMIT.
final class PayloadLog {
    struct Sizes {
        /// A segment is full from here on, in bytes.
        var segmentMax: Int64 = 1 << 30
        /// Disk space is reserved in steps of this many bytes: appending to a file that grows makes each
        /// fdatasync write metadata too, which was measured to cost three times as much.
        var preallocation: Int64 = 32 << 20
    }

    private let directory: DataDirectory
    private let sizes: Sizes
    private var file: File
    private(set) var position: LogPosition
    /// Up to where the file has disk space.
    private var allocated: Int64

    /// Takes the log up at `position`, which recovery has found to be right; what follows it is cut off.
    init(_ directory: DataDirectory, at position: LogPosition, sizes: Sizes) throws(FileError) {
        self.directory = directory
        self.sizes = sizes
        self.position = position
        let path = directory.segment(position.segment)
        if Directory.exists(path) {
            file = try File(path, .readWrite)
            // Longer: what a crash left. Shorter: headers that the power took, which nobody misses.
            if try file.size() != position.end {
                try file.truncate(to: position.end)
                try file.synchronize()
            }
        } else {
            file = try Self.makeSegment(directory, position.segment)
        }
        allocated = position.end
    }

    private static func makeSegment(_ directory: DataDirectory, _ number: Int64) throws(FileError) -> File {
        let file = try File(directory.segment(number), .createOrOpen)
        try file.truncate(to: 0)
        try file.write(SegmentFormat.segmentHeader(.log, number: number), at: 0)
        try file.synchronize()
        try Directory.synchronize(directory.payload)
        return file
    }

    /// Starts the next batch's layout, in a new segment where this one is full.
    func beginBatch() throws(FileError) -> PayloadBatch {
        if position.end >= sizes.segmentMax {
            var next = position
            next.segment = position.nextSegment
            next.end = LogPosition.initial.end
            next.nextSegment += 1
            // What was reserved ahead and not needed. Where this fails the file is longer, and nothing else.
            try? file.truncate(to: position.end)
            // Nobody knows of the new segment before the next COMMIT; until then recovery would remove it.
            let made = try Self.makeSegment(directory, next.segment)
            file = made
            position = next
            allocated = next.end
        }
        return PayloadBatch(position)
    }

    /// Writes the batch's records after a header that names both trees. When it returns, payloads are
    /// durable; a batch of none costs no fsync: it is the database's COMMIT that makes it, and its header
    /// reaches the disk with the next batch that has one, or when the kernel gets to it.
    func write(_ batch: PayloadBatch, _ header: BatchHeader) throws(FileError) {
        if batch.position.end > allocated { try reserve(upTo: batch.position.end) }
        var parts = Self.parts(header)
        parts.reserveCapacity(3 + 3 * batch.records.count)
        for record in batch.records { parts += Self.parts(record.kind, record.bytes, record.sha256) }
        try file.write(parts, at: position.end)
        for spooled in batch.spooled { try spooled.payload.move(to: directory.segment(spooled.segment)) }
        if !batch.records.isEmpty { try file.synchronize() }
        if !batch.spooled.isEmpty { try Directory.synchronize(directory.payload) }
    }

    /// A record, as it stands in the file.
    private static func parts(
        _ kind: SegmentFormat.RecordKind, _ body: [UInt8], _ sha256: Digest256
    ) -> [[UInt8]] {
        let header = SegmentFormat.RecordHeader(kind: kind, length: Int64(body.count), sha256: sha256)
        return [SegmentFormat.recordHeader(header), body, SegmentFormat.trailer(of: body)]
    }

    private static func parts(_ header: BatchHeader) -> [[UInt8]] {
        let body = SegmentFormat.batch(header)
        return parts(.batch, body, SHA256.hash(body))
    }

    private func reserve(upTo end: Int64) throws(FileError) {
        let wanted = max(end - allocated, sizes.preallocation)
        do {
            try file.preallocate(from: allocated, count: wanted)
            allocated += wanted
        } catch {
            // The last megabytes of a disk are better than none.
            guard error.isDiskFull, end - allocated < wanted else { throw error }
            try file.preallocate(from: allocated, count: end - allocated)
            allocated = end
        }
    }

    /// After COMMIT.
    func adopt(_ batch: PayloadBatch) {
        position = batch.position
        for spooled in batch.spooled { spooled.payload.adopted() }
    }

    /// COMMIT did not happen: the log is as it was before `write`.
    func undo(_ batch: PayloadBatch) throws(FileError) {
        for spooled in batch.spooled where spooled.payload.path == directory.segment(spooled.segment) {
            try spooled.payload.move(to: directory.incoming + "/" + Hex.encode(SecureRandom.bytes(16)))
        }
        if allocated > position.end {
            try file.truncate(to: position.end)
            allocated = position.end
        }
    }

    /// At an orderly end: a header without a batch. A database that is restored to the state before the last
    /// batch would otherwise look like a crash before that batch's COMMIT.
    func close(_ state: TreeState) throws(FileError) {
        try file.write(Self.parts(BatchHeader(base: state, intended: state)), at: position.end)
        try file.synchronize()
    }
}

/// Where a batch's records will be. A value: laying out changes nothing.
struct PayloadBatch {
    struct Record {
        let kind: SegmentFormat.RecordKind
        let bytes: [UInt8]
        let sha256: Digest256
    }

    private(set) var records: [Record] = []
    private(set) var spooled: [(payload: SpooledPayload, segment: Int64)] = []
    /// Where the log will end.
    private(set) var position: LogPosition

    private let anchor: LogPosition.Anchor

    fileprivate init(_ position: LogPosition) {
        anchor = LogPosition.Anchor(segment: position.segment, offset: position.end)
        self.position = position
        self.position.end += SegmentFormat.recordBytes(body: SegmentFormat.batchBytes)
    }

    /// Nothing but a header.
    var isEmpty: Bool { records.isEmpty && spooled.isEmpty }

    mutating func add(_ bytes: [UInt8], _ kind: SegmentFormat.RecordKind, sha256: Digest256)
        -> PayloadLocation
    {
        let offset = position.end
        // A batch with records is synchronised, and its header with it.
        position.anchor = anchor
        records.append(Record(kind: kind, bytes: bytes, sha256: sha256))
        position.end += SegmentFormat.recordBytes(body: Int64(bytes.count))
        return PayloadLocation(
            segment: position.segment, offset: offset + Int64(SegmentFormat.recordHeaderBytes),
            length: Int64(bytes.count))
    }

    mutating func add(_ payload: SpooledPayload) -> PayloadLocation {
        let segment = position.nextSegment
        position.nextSegment += 1
        spooled.append((payload, segment))
        return PayloadLocation(segment: segment, offset: SpooledPayload.bodyOffset, length: payload.length)
    }
}
