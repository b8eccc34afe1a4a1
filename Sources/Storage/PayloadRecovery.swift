internal import AuditLog
internal import Files

/// What is on disk after the place where the database says that the payload log ends.
///
/// A crash leaves at most one batch there: begun on this very tree, not committed, never signed. Anything
/// else means that the database is older than the log.
struct PayloadRecovery {
    let directory: DataDirectory
    /// As the database has it.
    let position: LogPosition
    /// The end of the last payload in that segment that the database names; 0 where it names none.
    let namedEnd: Int64
    /// True where the database was made just now.
    let isNewDatabase: Bool

    enum Finding {
        /// What follows may be cut off.
        case clean
        /// The database is behind this header, or on another branch.
        case wentBack(BatchHeader)
    }

    /// Changes nothing. Throws `damaged` where the log ends before what the database names.
    ///
    /// - Parameter older: the tree of the first entries, as the database has them; nil for more than it has.
    func examine(
        _ tree: TreeState, older: (Int64) throws(StorageError) -> TreeState?
    ) throws(StorageError) -> Finding {
        let segments = try mappingFiles { () throws(FileError) in try segmentNumbers() }
        if isNewDatabase {
            let found = try headers(segments, from: nil)
            return found.last.map { .wentBack($0) } ?? .clean
        }
        if tree.size > 0 { try requireCurrentSegment(segments) }
        if let anchor = position.anchor {
            let header = try mappingFiles { () throws(FileError) in try batchHeader(at: anchor) }
            guard let header else {
                let path = directory.segment(anchor.segment)
                throw StorageError(
                    .damaged, "\(path) has no batch at \(anchor.offset), where the database says")
            }
            if try older(header.intended.size) != header.intended { return .wentBack(header) }
        }
        let found = try headers(segments, from: position)
        guard let last = found.last else { return .clean }
        return found.count == 1 && last.base == tree ? .clean : .wentBack(last)
    }

    /// The file may be shorter than the log was: the header of a batch without payloads is not synchronised,
    /// and a loss of power takes it although the database has its COMMIT. A payload must be there.
    private func requireCurrentSegment(_ segments: [Int64]) throws(StorageError) {
        let path = directory.segment(position.segment)
        guard segments.contains(position.segment) else { throw StorageError(.damaged, "\(path) is missing") }
        let size = try mappingFiles { () throws(FileError) in try File(path, .read).size() }
        guard size >= namedEnd else {
            throw StorageError(.damaged, "\(path) has \(size) bytes, the database names \(namedEnd)")
        }
    }

    private func batchHeader(at anchor: LogPosition.Anchor) throws(FileError) -> BatchHeader? {
        let path = directory.segment(anchor.segment)
        guard Directory.exists(path) else { return nil }
        let count = SegmentFormat.recordBytes(body: SegmentFormat.batchBytes)
        return Self.batchHeader(try File(path, .read).read(at: anchor.offset, count: Int(count)))
    }

    /// Nil where `record` is not a whole batch header.
    private static func batchHeader(_ record: [UInt8]) -> BatchHeader? {
        let body = Array(
            record.dropFirst(SegmentFormat.recordHeaderBytes).dropLast(SegmentFormat.trailerBytes))
        guard let header = SegmentFormat.recordHeader(Array(record.prefix(SegmentFormat.recordHeaderBytes))),
            header.kind == .batch, body.count == SegmentFormat.batchBytes,
            SegmentFormat.trailer(of: body) == Array(record.suffix(SegmentFormat.trailerBytes))
        else { return nil }
        return SegmentFormat.batch(body)
    }

    /// Every batch header after `start`, in order; nil for all of them.
    private func headers(_ segments: [Int64], from start: LogPosition?) throws(StorageError) -> [BatchHeader]
    {
        try mappingFiles { () throws(FileError) in
            var found: [BatchHeader] = []
            for segment in segments {
                var offset = LogPosition.initial.end
                if let start {
                    guard segment == start.segment || segment >= start.nextSegment else { continue }
                    if segment == start.segment { offset = start.end }
                }
                let file = try File(directory.segment(segment), .read)
                let header = try file.read(at: 0, count: SegmentFormat.segmentHeaderBytes)
                guard SegmentFormat.segmentKind(header) == .log else { continue }
                try Self.scan(file, from: offset, into: &found)
            }
            return found
        }
    }

    /// Hops over records as long as their headers are whole.
    private static func scan(_ file: File, from start: Int64, into found: inout [BatchHeader])
        throws(FileError)
    {
        let size = try file.size()
        var offset = start
        while true {
            let bytes = try file.read(at: offset, count: SegmentFormat.recordHeaderBytes)
            guard let header = SegmentFormat.recordHeader(bytes), header.length >= 0, header.length < size
            else {
                return
            }
            if header.kind == .batch {
                let count = SegmentFormat.recordBytes(body: SegmentFormat.batchBytes)
                guard let batch = batchHeader(try file.read(at: offset, count: Int(count))) else { return }
                found.append(batch)
            }
            offset += SegmentFormat.recordBytes(body: header.length)
            guard offset < size else { return }
        }
    }

    private func segmentNumbers() throws(FileError) -> [Int64] {
        try Directory.names(in: directory.payload).compactMap(DataDirectory.segmentNumber).sorted()
    }

    /// Removes what no committed batch names: segments made after the last COMMIT, and half-received
    /// payloads.
    func clean() throws(FileError) {
        for number in try segmentNumbers() where number >= position.nextSegment {
            try Directory.remove(directory.segment(number))
        }
        try cleanIncoming()
    }

    func cleanIncoming() throws(FileError) {
        for name in try Directory.names(in: directory.incoming) {
            try Directory.remove(directory.incoming + "/" + name)
        }
    }

    /// For a roll forward: a new segment after everything that is there, so that nothing of it is
    /// overwritten.
    func positionAfterEverything() throws(FileError) -> LogPosition {
        let last = max(try segmentNumbers().last ?? 0, position.nextSegment - 1)
        return LogPosition(
            segment: last + 1, end: LogPosition.initial.end, nextSegment: last + 2, anchor: nil)
    }
}
