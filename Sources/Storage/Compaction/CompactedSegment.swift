internal import Exchange
internal import Files
internal import OpenSSL

/// Records that are still needed, copied out of a segment that is mostly garbage. A commit takes the file and
/// moves the rows; until then nobody knows of it, and a start throws it away.
package final class CompactedSegment: Sendable {
    struct Move: Sendable {
        let reference: PayloadReference
        let offset: Int64
    }

    /// The segment that the records came from.
    package let source: Int64
    let file: SpooledPayload
    let moves: [Move]

    /// - Throws: `damaged` where a record is not what it was: that segment is left as it is, for the doctor.
    init(
        _ references: [PayloadReference], of source: Int64, in place: DataDirectory, _ spools: SpoolDirectory
    ) throws(StorageError) {
        let file = try spools.makePayload()
        var moves: [Move] = []
        var offset = Int64(SegmentFormat.segmentHeaderBytes)
        let from: File
        do throws(FileError) {
            from = try File(place.segment(source), .read)
        } catch {
            throw StorageError(error.isNotFound ? .damaged : .ioFailure, error.description)
        }
        for reference in references {
            if let wrong = try PayloadCheck.check(place, reference.location, sha256: nil) {
                throw StorageError(.damaged, "\(from.path) at \(reference.location.offset): \(wrong)")
            }
            let start = reference.location.offset - Int64(SegmentFormat.recordHeaderBytes)
            let header = try mappingFiles { () throws(FileError) in
                try from.read(at: start, count: SegmentFormat.recordHeaderBytes)
            }
            guard SegmentFormat.recordHeader(header)?.kind.owner == reference.owner else {
                throw StorageError(.damaged, "\(from.path) at \(start) is not what the database says")
            }
            let count = SegmentFormat.recordBytes(body: reference.location.length)
            try mappingFiles { () throws(FileError) in
                try file.copyRecord(from, at: start, count: count, to: offset)
            }
            moves.append(Move(reference: reference, offset: offset + Int64(SegmentFormat.recordHeaderBytes)))
            offset += count
        }
        try mappingFiles { () throws(FileError) in try file.sealRecords() }
        self.source = source
        self.file = file
        self.moves = moves
    }
}
