package import Exchange
internal import OpenSSL

/// How faces name a document, and each copy of it, that know neither keys nor delivery numbers: as a UUID.
///
/// Made from what is stored and nothing else, so that it is the same whenever it is asked for, and costs no
/// row: the delivery's number in the first six bytes, then what SHA-256 makes of number, key and role. A
/// number that somebody guessed has no such rest.
package struct TransportID: Sendable, Hashable, CustomStringConvertible {
    package enum Role: String, Sendable {
        /// The whole document, as its sender knows it; the number is its first delivery's.
        case sender
        /// One recipient's copy.
        case recipient
    }

    /// Lower case, with its hyphens: a UUID of version 8 (RFC 9562).
    package let description: String

    package init(_ role: Role, delivery: Int64, of key: DocumentKey) {
        let number = UInt64(bitPattern: delivery)
        var bytes = stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
        let source = "lienthong transport id\0\(role.rawValue)\0\(delivery)\0"
        bytes += SHA256.hash(Array(source.utf8) + key.bytes).bytes.prefix(10)
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes))
        description = [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
            .map { String($0) }.joined(separator: "-")
    }

    /// The delivery's number in a text that may be an identifier of ours; nil where it is none. Whoever uses
    /// it makes the identifier anew and compares.
    package static func delivery(in text: String) -> Int64? {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], let bytes = Hex.decode(groups.joined()) else {
            return nil
        }
        return bytes.prefix(6).reduce(0) { $0 << 8 | Int64($1) }
    }

    /// Whether `text` is this identifier, in any letter case.
    package func matches(_ text: String) -> Bool { text.lowercased() == description }
}
