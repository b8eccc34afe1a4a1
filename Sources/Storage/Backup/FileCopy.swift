internal import Exchange
internal import Files
internal import OpenSSL

/// Copies of files with their SHA-256, in pieces.
enum FileCopy {
    private static let pieceBytes = 1 << 20

    /// The first `size` bytes of `source`, synchronised.
    ///
    /// - Parameter kept: so many bytes are in `target` already, from an earlier copy.
    /// - Returns: the SHA-256 of all of them.
    static func copy(
        _ source: String, to target: String, size: Int64, kept: Int64 = 0, _ advance: (Int64) -> Void
    ) throws(StorageError) -> Digest256 {
        try mapping(source) { () throws(FileError) in
            let (from, to) = (try File(source, .read), try File(target, .createOrOpen))
            var hash = SHA256()
            var done: Int64 = 0
            while done < size {
                let isKept = done < kept
                let wanted = min(Int64(pieceBytes), (isKept ? min(kept, size) : size) - done)
                let piece = try (isKept ? to : from).read(at: done, count: Int(wanted))
                guard piece.count == Int(wanted) else { return nil }
                hash.update(piece)
                if !isKept { try to.write(piece, at: done) }
                done += wanted
                advance(wanted)
            }
            try to.truncate(to: size)
            try to.synchronize()
            return hash.finalize()
        }
    }

    static func sha256(_ path: String, size: Int64, _ advance: (Int64) -> Void) throws(StorageError)
        -> Digest256
    {
        try mapping(path) { () throws(FileError) in
            let file = try File(path, .read)
            var hash = SHA256()
            var done: Int64 = 0
            while done < size {
                let piece = try file.read(at: done, count: Int(min(Int64(pieceBytes), size - done)))
                guard !piece.isEmpty else { return nil }
                hash.update(piece)
                done += Int64(piece.count)
                advance(Int64(piece.count))
            }
            return hash.finalize()
        }
    }

    private static func mapping(
        _ path: String, _ body: () throws(FileError) -> Digest256?
    ) throws(StorageError) -> Digest256 {
        do throws(FileError) {
            if let digest = try body() { return digest }
        } catch {
            throw StorageError(error.isNotFound ? .damaged : StorageError(error).code, error.description)
        }
        throw StorageError(.damaged, "\(path) is shorter than it must be")
    }
}
