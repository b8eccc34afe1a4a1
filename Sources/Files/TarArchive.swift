/// A POSIX ustar archive of plain files, as any `tar` opens it.
///
/// Names are ours (ASCII, at most 100 bytes, `folder/name`), so nothing of the format's later inventions is
/// needed, and nothing of them is read either.
package enum TarArchive {
    static let blockBytes = 512

    package struct Member: Sendable {
        package let name: String
        /// Of its first byte in the archive.
        package let offset: Int64
        package let length: Int64
    }

    /// Letters, digits, `.`, `-`, `_`, and `/` between parts none of which begins with a dot.
    package static func isSafe(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 100
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, first != 0x2E else { return false }
                return part.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                    default: false
                    }
                }
            }
    }

    static func header(name: String, length: Int64, modified: Int64) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: some Sequence<UInt8>, at start: Int) {
            for (index, byte) in text.enumerated() { block[start + index] = byte }
        }
        put(name.utf8, at: 0)
        put("0000644\0".utf8, at: 100)
        put("0000000\0".utf8, at: 108)
        put("0000000\0".utf8, at: 116)
        put(octal(length, digits: 11), at: 124)
        put(octal(max(0, modified), digits: 11), at: 136)
        put("        ".utf8, at: 148)
        put("0ustar\u{0}00".utf8, at: 156)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(octal(sum, digits: 6) + [0x20], at: 148)
        return block
    }

    /// Ended by NUL.
    private static func octal(_ number: Int64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array(String(repeating: "0", count: max(0, digits - text.utf8.count)).utf8) + text.utf8 + [0]
    }

    static func padding(after length: Int64) -> Int {
        Int((Int64(blockBytes) - length % Int64(blockBytes)) % Int64(blockBytes))
    }
}

/// Writes an archive into a file, one member after the other; memory does not grow with it.
package struct TarWriter {
    private static let pieceBytes: Int64 = 1 << 20

    private let file: File
    /// Seconds since 1970, of every member.
    private let modified: Int64
    /// Bytes so far.
    package private(set) var length: Int64 = 0

    package init(into file: File, modified: Int64) {
        self.file = file
        self.modified = modified
    }

    package mutating func add(_ name: String, _ bytes: [UInt8]) throws(FileError) {
        precondition(TarArchive.isSafe(name), "\(name) is no name for a member")
        try write(TarArchive.header(name: name, length: Int64(bytes.count), modified: modified))
        try write(bytes)
        try write([UInt8](repeating: 0, count: TarArchive.padding(after: Int64(bytes.count))))
    }

    /// Adds `count` bytes of another file, from `offset` on; zeros stand for what is not there.
    package mutating func add(
        _ name: String, from source: File, at offset: Int64, count: Int64
    ) throws(FileError) {
        precondition(TarArchive.isSafe(name), "\(name) is no name for a member")
        try write(TarArchive.header(name: name, length: count, modified: modified))
        var done: Int64 = 0
        while done < count {
            let piece = try source.read(at: offset + done, count: Int(min(Self.pieceBytes, count - done)))
            if piece.isEmpty { break }
            try write(piece)
            done += Int64(piece.count)
        }
        length += count - done
        try write([UInt8](repeating: 0, count: TarArchive.padding(after: count)))
    }

    /// Ends the archive.
    package mutating func finish() throws(FileError) {
        try write([UInt8](repeating: 0, count: 2 * TarArchive.blockBytes))
    }

    private mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try file.write(bytes, at: length)
        length += Int64(bytes.count)
    }
}

/// Why a file is no archive that we read.
package struct TarError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension TarArchive {
    private static let membersMax = 4096

    /// The members, in order. Links, devices, and names that are not safe are refused, folders passed over.
    package static func members(of file: File) throws -> [Member] {
        let size = try file.size()
        var members: [Member] = []
        var offset: Int64 = 0
        while offset + Int64(blockBytes) <= size {
            let block = try file.read(at: offset, count: blockBytes)
            guard block.count == blockBytes else { break }
            if block.allSatisfy({ $0 == 0 }) { return members }
            guard members.count < membersMax else { throw TarError("too many members") }
            let member = try member(block, at: offset + Int64(blockBytes), size: size)
            if let member { members.append(member) }
            let length = number(block[124..<136]) ?? 0
            offset += Int64(blockBytes) + length + Int64(padding(after: length))
        }
        throw TarError("the archive has no end")
    }

    private static func member(_ block: [UInt8], at start: Int64, size: Int64) throws -> Member? {
        let sum = block.enumerated().reduce(0 as Int64) { sum, byte in
            sum + ((148..<156).contains(byte.offset) ? 0x20 : Int64(byte.element))
        }
        guard number(block[148..<156]) == sum else { throw TarError("a header's sum is wrong") }
        guard let length = number(block[124..<136]), length <= size - start else {
            throw TarError("a member reaches beyond the end")
        }
        guard let name = String(validating: block[..<100].prefix { $0 != 0 }, as: UTF8.self) else {
            throw TarError("a name is no text")
        }
        switch block[156] {
        case 0, 0x30:
            guard block[345] == 0, isSafe(name) else { throw TarError("the name \(name)") }
            return Member(name: name, offset: start, length: length)
        case 0x35: return nil
        case let kind: throw TarError("\(name) is of type \(kind)")
        }
    }

    /// Octal, ended by NUL or space.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.prefix { $0 != 0 && $0 != 0x20 }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            value = value << 3 | Int64(digit - 0x30)
        }
        return value
    }
}
