package import Files
package import Exchange
internal import OpenSSL
internal import Synchronization

/// Where large payloads go as they arrive, off the writer's thread.
package struct SpoolDirectory: Sendable {
    let directory: DataDirectory

    /// For files of the moment. It is emptied at the start.
    package var folder: String { directory.incoming }

    package func makePayload() throws(StorageError) -> SpooledPayload {
        try mappingFiles { () throws(FileError) in
            let name = Hex.encode(SecureRandom.bytes(16))
            return try SpooledPayload(creating: directory.incoming + "/" + name)
        }
    }
}

/// One large payload in a segment file of its own. The file goes with this object unless a commit took it.
///
/// `append` and `seal` come one after the other, from whichever thread; the commit comes after `seal`.
package final class SpooledPayload: Sendable {
    private struct State {
        var length: Int64 = 0
        var crc = CRC32C()
        var isSealed = false
        /// Where the file is; nil once it belongs to the payload log.
        var path: String?
    }

    /// So that a gigabyte is on its way to the disk before `seal` waits for it.
    private static let writeOutBytes: Int64 = 8 << 20
    static let bodyOffset = Int64(SegmentFormat.segmentHeaderBytes + SegmentFormat.recordHeaderBytes)

    package let file: File
    private let state: Mutex<State>

    fileprivate init(creating path: String) throws(FileError) {
        file = try File(path, .createNew)
        state = Mutex(State(path: path))
    }

    deinit {
        if let path = state.withLock({ $0.path }) { try? Directory.remove(path) }
    }

    /// In bytes, so far.
    package var length: Int64 { state.withLock { $0.length } }

    package func append(_ bytes: Span<UInt8>) throws(StorageError) {
        try mappingFiles { () throws(FileError) in
            try state.withLock { state throws(FileError) in
                precondition(!state.isSealed, "a sealed payload does not grow")
                try file.write(bytes, at: Self.bodyOffset + state.length)
                state.crc.update(bytes)
                let before = state.length
                state.length += Int64(bytes.count)
                let start = before / Self.writeOutBytes * Self.writeOutBytes
                let end = state.length / Self.writeOutBytes * Self.writeOutBytes
                if end > start { file.beginWriteOut(from: start, count: end - start) }
            }
        }
    }

    /// Writes headers and sums and makes the bytes durable; takes as long as the disk does. Twice is
    /// harmless.
    ///
    /// - Parameter sha256: of all bytes appended.
    package func seal(sha256: Digest256) throws(StorageError) {
        try mappingFiles { () throws(FileError) in
            try state.withLock { state throws(FileError) in
                if state.isSealed { return }
                try file.write(SegmentFormat.trailer(state.crc), at: Self.bodyOffset + state.length)
                let header = SegmentFormat.RecordHeader(kind: .document, length: state.length, sha256: sha256)
                // Its number is not known before the commit; the file's name has it then.
                try file.write(
                    [SegmentFormat.segmentHeader(.single, number: 0), SegmentFormat.recordHeader(header)],
                    at: 0)
                try file.synchronize()
                state.isSealed = true
            }
        }
    }

    /// Copies a record as it stands in `source`, for a segment of several: see `CompactedSegment`.
    func copyRecord(_ source: File, at start: Int64, count: Int64, to offset: Int64) throws(FileError) {
        var done: Int64 = 0
        while done < count {
            let piece = try source.read(at: start + done, count: Int(min(1 << 20, count - done)))
            guard !piece.isEmpty else { throw FileError("read", path: source.path, number: 0) }
            try file.write(piece, at: offset + done)
            done += Int64(piece.count)
        }
    }

    /// What `seal` is to one payload, for a segment of several records.
    func sealRecords() throws(FileError) {
        try state.withLock { state throws(FileError) in
            try file.write(SegmentFormat.segmentHeader(.log, number: 0), at: 0)
            try file.synchronize()
            state.isSealed = true
        }
    }

    /// Moves the file, within a commit.
    func move(to path: String) throws(FileError) {
        try state.withLock { state throws(FileError) in
            precondition(state.isSealed, "only a sealed payload is durable")
            guard let old = state.path else { preconditionFailure("a payload is committed once") }
            try Directory.rename(old, to: path)
            state.path = path
        }
    }

    /// After COMMIT: the file is the payload log's now.
    func adopted() {
        state.withLock { $0.path = nil }
    }

    var path: String? { state.withLock { $0.path } }

    var isSealed: Bool { state.withLock { $0.isSealed } }

    /// Reads from the start in pieces; false where reading fails.
    func forEachPiece(_ body: ([UInt8]) -> Void) -> Bool {
        let length = length
        var done: Int64 = 0
        while done < length {
            guard
                let piece = try? file.read(
                    at: Self.bodyOffset + done, count: Int(min(1 << 20, length - done))),
                !piece.isEmpty
            else { return false }
            body(piece)
            done += Int64(piece.count)
        }
        return true
    }
}
