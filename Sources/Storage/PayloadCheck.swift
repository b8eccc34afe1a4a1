internal import Exchange
internal import Files
internal import OpenSSL

/// Reads a payload whole and compares it with the sums beside it.
enum PayloadCheck {
    /// - Parameter sha256: as the database has it; nil where it has none, and the record's own counts.
    /// - Returns: what is wrong, in English; nil where nothing is.
    static func check(
        _ place: DataDirectory, _ location: PayloadLocation, sha256: Digest256?
    ) throws(StorageError) -> String? {
        let start = location.offset - Int64(SegmentFormat.recordHeaderBytes)
        guard start >= 0, location.length >= 0 else { return "its place is none" }
        let file: File
        do throws(FileError) {
            file = try File(place.segment(location.segment), .read)
        } catch {
            throw StorageError(error.isNotFound ? .damaged : .ioFailure, error.description)
        }
        return try mappingFiles { () throws(FileError) in
            let header = try file.read(at: start, count: SegmentFormat.recordHeaderBytes)
            guard let record = SegmentFormat.recordHeader(header) else {
                return "the record's header is damaged"
            }
            guard record.length == location.length, record.sha256 == sha256 ?? record.sha256 else {
                return "the record is of another document"
            }
            var crc = CRC32C()
            var hash = SHA256()
            var done: Int64 = 0
            while done < location.length {
                let count = Int(min(1 << 20, location.length - done))
                let piece = try file.read(at: location.offset + done, count: count)
                guard piece.count == count else { return "the file ends within the record" }
                crc.update(piece)
                hash.update(piece)
                done += Int64(count)
            }
            let trailer = try file.read(
                at: location.offset + location.length, count: SegmentFormat.trailerBytes)
            guard trailer == SegmentFormat.trailer(crc) else { return "the record's CRC-32C does not match" }
            return hash.finalize() == record.sha256 ? nil : "the SHA-256 does not match"
        }
    }
}
