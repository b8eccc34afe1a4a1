/// Unpacks a ZIP archive of exactly one entry as it comes (APPNOTE 6.3), stored or deflated.
///
/// The central directory at the end is held and compared with what was unpacked: an archive that shows
/// one file to readers from the front and another to readers from the back is refused.
struct ZipEntryReader {
    enum Fault: Error { case notZip, encrypted, method, entryName, corrupt, severalEntries, bomb, stopped }

    private enum State { case header, deflated, stored(left: UInt64), trailer }

    private let ratioMax: Int
    private let freeBytes: Int
    private var state = State.header
    /// The local header while it is incomplete; afterwards what follows the data.
    private var held: [UInt8] = []
    private var entry: ZipDirectory.LocalHeader?
    private var inflater: RawInflater?
    private var dataStart = 0
    private var inputBytes = 0
    private var packedBytes: UInt64 = 0
    private var unpackedBytes: UInt64 = 0
    private var crc: UInt32 = 0

    /// One descriptor, one central entry, end records and a comment of 64 KiB.
    private static let trailerBytesMax = 256 << 10

    init(ratioMax: Int, freeBytes: Int) {
        self.ratioMax = ratioMax
        self.freeBytes = freeBytes
    }

    /// - Parameter emit: takes unpacked bytes; false to stop.
    mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>, emit: (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(Fault) {
        var rest = unsafe piece
        inputBytes += piece.count
        if case .header = state {
            unsafe held.append(contentsOf: rest)
            guard let header = try ZipDirectory.localHeader(held) else { return }
            entry = header
            let data = held
            held = []
            dataStart = header.byteCount
            if header.isDeflated {
                inflater = RawInflater()
                state = .deflated
            } else {
                state = .stored(left: header.packedBytes)
            }
            try unsafe data.withUnsafeBufferPointer { (bytes) throws(Fault) in
                unsafe rest = UnsafeBufferPointer(rebasing: bytes.dropFirst(header.byteCount))
                try unsafe readData(rest, emit: emit)
            }
            return
        }
        try unsafe readData(rest, emit: emit)
    }

    private mutating func readData(
        _ piece: UnsafeBufferPointer<UInt8>, emit: (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(Fault) {
        var rest = unsafe piece
        switch state {
        case .header: return
        case .deflated: try unsafe inflate(&rest, emit: emit)
        case .stored(let left):
            let taken = unsafe UnsafeBufferPointer(rebasing: rest.prefix(Int(clamping: left)))
            packedBytes += UInt64(taken.count)
            if !taken.isEmpty, unsafe !take(taken, emit: emit) { throw .stopped }
            state = left == UInt64(taken.count) ? .trailer : .stored(left: left - UInt64(taken.count))
            unsafe rest = UnsafeBufferPointer(rebasing: rest.dropFirst(taken.count))
        case .trailer: break
        }
        guard case .trailer = state else { return }
        unsafe held.append(contentsOf: rest)
        guard held.count <= Self.trailerBytesMax else { throw .corrupt }
    }

    private mutating func inflate(
        _ rest: inout UnsafeBufferPointer<UInt8>, emit: (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(Fault) {
        guard let inflater else { return }
        var fault: Fault?
        let input = unsafe rest
        let (outcome, used) = unsafe inflater.inflate(input) { bytes in
            let unpacked = unpackedBytes + UInt64(bytes.count)
            if unpacked > UInt64(freeBytes), unpacked / UInt64(ratioMax) > UInt64(inputBytes) {
                fault = .bomb
                return false
            }
            if unsafe take(bytes, emit: emit) { return true }
            fault = .stopped
            return false
        }
        packedBytes += UInt64(used)
        if let fault { throw fault }
        switch outcome {
        case .corrupt: throw .corrupt
        case .needsInput: break
        case .ended:
            state = .trailer
            self.inflater = nil
        }
        unsafe rest = UnsafeBufferPointer(rebasing: rest.dropFirst(used))
    }

    private mutating func take(
        _ bytes: UnsafeBufferPointer<UInt8>, emit: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        unpackedBytes += UInt64(bytes.count)
        crc = unsafe RawInflater.crc32(crc, bytes)
        return unsafe emit(bytes)
    }

    /// Checks lengths, checksum and directory. To be called after the last piece.
    func finish() throws(Fault) {
        guard let entry, case .trailer = state else { throw inputBytes == 0 ? .notZip : .corrupt }
        try ZipDirectory.check(
            held, at: UInt64(dataStart) + packedBytes,
            against: ZipDirectory.Content(
                header: entry, crc: crc, packedBytes: packedBytes, unpackedBytes: unpackedBytes))
    }
}
