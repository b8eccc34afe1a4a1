internal import AuditLog
internal import Database
internal import Exchange
internal import Files
internal import Synchronization

/// Gives the disk back what no row names any more, while the hub serves.
///
/// Records that are still needed are copied off the writer's thread; the writer only moves rows. A segment
/// goes when no row names it any more, and one round later, so that whoever looked its place up has opened
/// it.
package final class Compactor: Sendable {
    /// Less than this of a segment in use, and it is worth copying the rest, in percent.
    private static let usedPercentMax: Int64 = 50
    /// Records that one commit moves; other changes of its batch wait for them.
    private static let movesMax = 2000
    /// Bytes copied for one commit, so that little is done again after a crash.
    private static let bytesMax: Int64 = 256 << 20

    private let reader: StoreReader
    private let spools: SpoolDirectory
    /// Segments that no row named in the round before.
    private let emptied = Mutex<Set<Int64>>([])

    package init(reader: StoreReader, spools: SpoolDirectory) {
        self.reader = reader
        self.spools = spools
    }

    private struct Segment {
        let number: Int64
        let bytes: Int64
        let used: Int64
    }

    /// The next piece of work for the writer; nil where none is worth it.
    ///
    /// - Parameter passing: segments that are not looked at. One with a damaged letter joins them: it stays
    ///   as it is, for the doctor.
    package func next(passing: inout Set<Int64>) throws(StorageError) -> CompactedSegment? {
        for segment in try segments()
        where segment.used > 0 && segment.used * 100 < segment.bytes * Self.usedPercentMax
            && !passing.contains(segment.number)
        {
            guard try isOurs(segment.number) else { continue }
            let references = try reader.read { connection throws(DatabaseError) in
                var references: [PayloadReference] = []
                for owner in PayloadReference.Owner.allCases {
                    references += try owner.references(connection.connection, in: segment.number)
                }
                return references
            }
            do throws(StorageError) {
                return try CompactedSegment(
                    Self.bounded(references), of: segment.number, in: reader.place, spools)
            } catch {
                guard error.code == .damaged else { throw error }
                passing.insert(segment.number)
            }
        }
        return nil
    }

    private static func bounded(_ references: [PayloadReference]) -> [PayloadReference] {
        var bytes: Int64 = 0
        var taken: [PayloadReference] = []
        for reference in references {
            bytes += reference.location.length
            guard taken.count < movesMax, taken.isEmpty || bytes <= bytesMax else { break }
            taken.append(reference)
        }
        return taken
    }

    /// Removes segments that no row has named since the last call.
    ///
    /// - Returns: the bytes that the disk got back, and segments that go with the next call.
    package func removeEmptied() throws(StorageError) -> (bytes: Int64, waiting: Int) {
        var removed: Int64 = 0
        var empty: Set<Int64> = []
        let before = emptied.withLock { $0 }
        for segment in try segments() where segment.used == 0 {
            guard try isOurs(segment.number) else { continue }
            guard before.contains(segment.number) else {
                empty.insert(segment.number)
                continue
            }
            try mappingFiles { () throws(FileError) in
                try Directory.remove(reader.place.segment(segment.number))
            }
            removed += segment.bytes
        }
        emptied.withLock { $0 = empty }
        return (removed, empty.count)
    }

    /// Segments that nothing is written to any more and whose bytes nothing but rows of letters needs.
    private func segments() throws(StorageError) -> [Segment] {
        let (position, used) = try reader.read { connection throws(DatabaseError) in
            // One snapshot: a segment that is made meanwhile has a number beyond it.
            try connection.reading { connection throws(DatabaseError) in
                var used: [Int64: Int64] = [:]
                for owner in PayloadReference.Owner.allCases {
                    for (segment, bytes) in try owner.bytes(connection.connection) {
                        used[segment, default: 0] += bytes
                    }
                }
                return (try StateTable(connection.connection).values()?.position, used)
            }
        }
        guard let position else { return [] }
        return try mappingFiles { () throws(FileError) in
            var segments: [Segment] = []
            for name in try Directory.names(in: reader.place.payload) {
                guard let number = DataDirectory.segmentNumber(name), number < position.nextSegment,
                    number != position.segment, number != position.anchor?.segment
                else { continue }
                let size = try File(reader.place.segment(number), .read).size()
                segments.append(Segment(number: number, bytes: size, used: used[number, default: 0]))
            }
            return segments
        }
    }

    /// False for what a roll forward left behind: nobody names it, and it is the only proof of what was lost.
    private func isOurs(_ number: Int64) throws(StorageError) -> Bool {
        let last = try mappingFiles { () throws(FileError) -> LastRecord in
            try Self.lastRecord(try File(reader.place.segment(number), .read))
        }
        switch last {
        case .batch(let header): return try reader.tree(size: header.intended.size) == header.intended
        case .letters: return true
        case .single(let sha256):
            return try reader.read { connection throws(DatabaseError) in
                let select = try connection.connection.prepare(
                    "SELECT 1 FROM documents WHERE sha256 = ? AND segment = 0 LIMIT 1")
                select.bind(1, sha256)
                return try select.first { _ in true } ?? false
            }
        }
    }

    private enum LastRecord {
        /// Of a segment of the log: each batch follows from the one before, so the last speaks for all.
        case batch(BatchHeader)
        /// A compacted segment has records without batches.
        case letters
        /// One large letter.
        case single(Digest256)
    }

    private static func lastRecord(_ file: File) throws(FileError) -> LastRecord {
        let size = try file.size()
        let kind = SegmentFormat.segmentKind(try file.read(at: 0, count: SegmentFormat.segmentHeaderBytes))
        var walk = RecordWalk(file: file, size: size)
        var last = LastRecord.letters
        while let step = try walk.next() {
            guard case .record(let record, let offset) = step else { continue }
            if kind == .single { return .single(record.sha256) }
            guard record.kind == .batch else { continue }
            let start = offset + Int64(SegmentFormat.recordHeaderBytes)
            if let header = SegmentFormat.batch(try file.read(at: start, count: Int(record.length))) {
                last = .batch(header)
            }
        }
        return last
    }
}
