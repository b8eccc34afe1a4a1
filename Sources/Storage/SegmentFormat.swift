internal import AuditLog
internal import Exchange
internal import Files
internal import OpenSSL

/// How the payload log looks on disk. All numbers are big-endian.
///
///     segment  = "LTSEG1" 00 00 ‖ kind[1] 00×7 ‖ number[8] ‖ CRC-32C of these 24 bytes[4] ‖ 00×4 ‖ record…
///     record   = header ‖ body ‖ CRC-32C of the body[4]
///     header   = "LTR1" ‖ kind[1] 00×3 ‖ body length[8] ‖ SHA-256 of the body[32] ‖ 00×4
///                ‖ CRC-32C of these 52 bytes[4]
///
/// The header has a sum of its own so that recovery can hop from record to record without reading gigabytes.
enum SegmentFormat {
    static let segmentHeaderBytes = 32
    static let recordHeaderBytes = 56
    static let trailerBytes = 4

    enum SegmentKind: UInt8 {
        /// Records of many batches.
        case log = 1
        /// One large payload, spooled by whoever received it.
        case single = 2
    }

    enum RecordKind: UInt8 {
        case batch = 1
        case document = 2
        case signature = 3
        /// What verdicts rest on: a certificate, a revocation list, a token.
        case evidence = 4
    }

    struct RecordHeader: Equatable {
        var kind: RecordKind
        var length: Int64
        var sha256: Digest256
    }

    static func recordBytes(body: Int64) -> Int64 {
        Int64(recordHeaderBytes) + body + Int64(trailerBytes)
    }

    static func segmentHeader(_ kind: SegmentKind, number: Int64) -> [UInt8] {
        var bytes = Array("LTSEG1\0\0".utf8) + [kind.rawValue, 0, 0, 0, 0, 0, 0, 0]
        append(UInt64(number), to: &bytes)
        appendSum(of: bytes, to: &bytes)
        return bytes + [0, 0, 0, 0]
    }

    /// Nil where `bytes` are no segment header.
    static func segmentKind(_ bytes: [UInt8]) -> SegmentKind? {
        guard bytes.count == segmentHeaderBytes, bytes.starts(with: "LTSEG1\0\0".utf8),
            sumMatches(bytes, count: 24)
        else { return nil }
        return SegmentKind(rawValue: bytes[8])
    }

    static func recordHeader(_ header: RecordHeader) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(recordHeaderBytes)
        bytes.append(contentsOf: "LTR1".utf8)
        bytes.append(contentsOf: [header.kind.rawValue, 0, 0, 0])
        append(UInt64(header.length), to: &bytes)
        header.sha256.append(to: &bytes)
        bytes.append(contentsOf: [0, 0, 0, 0])
        appendSum(of: bytes, to: &bytes)
        return bytes
    }

    /// Nil where `bytes` are no record header: the end of what was written, or a torn or damaged one.
    static func recordHeader(_ bytes: [UInt8]) -> RecordHeader? {
        guard bytes.count == recordHeaderBytes, bytes.starts(with: "LTR1".utf8),
            let kind = RecordKind(rawValue: bytes[4]), sumMatches(bytes, count: 52),
            let length = Int64(exactly: number(bytes, at: 8)), let sha256 = Digest256(bytes[16..<48])
        else { return nil }
        return RecordHeader(kind: kind, length: length, sha256: sha256)
    }

    static func trailer(of body: [UInt8]) -> [UInt8] {
        var crc = CRC32C()
        crc.update(body)
        return trailer(crc)
    }

    static func trailer(_ crc: CRC32C) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: crc.value >> UInt32(24 - 8 * $0)) }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private static func number(_ bytes: [UInt8], at start: Int) -> UInt64 {
        bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func appendSum(of bytes: [UInt8], to target: inout [UInt8]) {
        target.append(contentsOf: trailer(of: bytes))
    }

    private static func sumMatches(_ bytes: [UInt8], count: Int) -> Bool {
        trailer(of: Array(bytes[..<count])) == Array(bytes[count..<count + 4])
    }

    // The batch header's body

    static let batchBytes: Int64 = 80

    static func batch(_ batch: BatchHeader) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(batchBytes))
        for state in [batch.base, batch.intended] {
            append(UInt64(state.size), to: &bytes)
            state.root.append(to: &bytes)
        }
        return bytes
    }

    static func batch(_ bytes: [UInt8]) -> BatchHeader? {
        func state(at start: Int) -> TreeState? {
            guard let size = Int64(exactly: number(bytes, at: start)),
                let root = Digest256(bytes[start + 8..<start + 40])
            else { return nil }
            return TreeState(size: size, root: root)
        }
        guard bytes.count == batchBytes, let base = state(at: 0), let intended = state(at: 40) else {
            return nil
        }
        return BatchHeader(base: base, intended: intended)
    }
}

/// The first record of every batch: the tree before it, and the tree that its COMMIT makes.
///
/// It is what tells a restored old database from a crash before COMMIT, without an fsync of its own.
struct BatchHeader: Equatable {
    var base: TreeState
    var intended: TreeState
}

/// Where a payload is.
package struct PayloadLocation: Sendable, Hashable {
    package let segment: Int64
    /// Of the payload's first byte in the segment file.
    package let offset: Int64
    /// In bytes.
    package let length: Int64

    package init(segment: Int64, offset: Int64, length: Int64) {
        self.segment = segment
        self.offset = offset
        self.length = length
    }
}

/// The names in a data directory.
struct DataDirectory {
    let path: String
    /// A backup has another.
    var databaseName = "hub.db"

    var database: String { path + "/" + databaseName }
    /// Says that the directory came out of a backup.
    var restoreMark: String { path + "/restored.json" }
    var lock: String { path + "/lock" }
    var payload: String { path + "/payload" }
    var incoming: String { payload + "/incoming" }

    /// Makes the directory where there is none, and keeps every other process out of it for as long as the
    /// result lives.
    ///
    /// - Throws: `alreadyOpen`, `cannotOpen`, `diskFull`.
    func takeLock() throws(StorageError) -> File {
        do throws(FileError) {
            // Each by itself, for its name's sake.
            for part in [path, payload, incoming] { try Directory.create(part) }
            let file = try File(lock, .createOrOpen)
            if try file.lockExclusively() { return file }
        } catch {
            throw StorageError(error.isDiskFull ? .diskFull : .cannotOpen, error.description)
        }
        throw StorageError(.alreadyOpen, "\(path) is open in another process")
    }

    func segment(_ number: Int64) -> String { payload + "/" + Self.segmentName(number) }

    static func segmentName(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + ".seg"
    }

    /// Nil for every other name.
    static func segmentNumber(_ name: String) -> Int64? {
        guard name.hasSuffix(".seg"), let number = Int64(name.dropLast(4)), number > 0,
            segmentName(number) == name
        else { return nil }
        return number
    }
}
