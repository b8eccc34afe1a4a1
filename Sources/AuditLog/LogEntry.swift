package import Exchange
internal import JSON
internal import OpenSSL

/// One entry of the log: deterministic JSON, UTF-8, names sorted by bytes, no white space, integers and
/// strings only (and arrays and objects of those), at most 65,535 bytes.
///
/// It says what happened by codes, digests and times. Subjects, names and staff details stand there as
/// salted commitments only: an entry can never be erased, a salt can.
package struct LogEntry: Sendable, Equatable {
    package let bytes: [UInt8]

    /// - Parameters:
    ///   - at: when it happened, by the hub's clock.
    ///   - previous: the index of the last entry about the same document, so that one letter's story can be
    ///     walked.
    /// - Throws: `LogEntryError` where the entry would be longer than a bundle allows.
    package init(_ event: LogEvent, at: Instant, previous: Int64? = nil) throws(LogEntryError) {
        bytes = JSONWriter.object { json in
            var writer = EntryWriter(json, event: event.name, time: at, previous: previous)
            event.write(into: &writer)
            json = writer.finish()
        }
        guard bytes.count <= EntryBundle.entryBytesMax else { throw LogEntryError(event: event.name) }
    }

    package var leafHash: Digest256 { MerkleTree.leafHash(bytes) }
}

package struct LogEntryError: Error, Sendable, CustomStringConvertible {
    package let event: String

    package var description: String {
        "an entry \(event) is longer than \(EntryBundle.entryBytesMax) bytes"
    }
}

/// Stands for a text that the log must not spell out: SHA-256(salt ‖ field ‖ 00 ‖ text).
package struct Commitment: Sendable, Hashable {
    package static let saltByteCount = 16

    package let digest: Digest256

    /// - Parameters:
    ///   - salt: random, one for each document; erasing it makes the commitment say nothing.
    ///   - field: keeps equal texts of one document apart.
    package init(to text: String, field: String, salt: [UInt8]) {
        precondition(salt.count == Self.saltByteCount, "without its salt a short text can be guessed")
        var hash = SHA256()
        hash.update(salt)
        hash.update(Array(field.utf8))
        hash.update(byte: 0)
        hash.update(Array(text.utf8))
        digest = hash.finalize()
    }
}

/// Writes an entry's members. Builders name them in sorted order; the common ones slip in where they belong.
struct EntryWriter {
    private var json: JSONWriter
    /// Common members not written yet, in sorted order.
    private var common: [(name: String, value: Value)]

    private enum Value {
        case text(String)
        case number(Int64)
    }

    init(_ json: JSONWriter, event: String, time: Instant, previous: Int64?) {
        self.json = json
        common = [("event", .text(event))]
        if let previous { common.append(("previous", .number(previous))) }
        common.append(("time", .text(time.rfc3339)))
        common.reverse()
    }

    mutating func text(_ name: String, _ value: String?) {
        guard let value else { return }
        advance(to: name)
        json.member(name, value)
    }

    mutating func code(_ name: String, _ value: AgencyCode?) {
        text(name, value?.string)
    }

    mutating func number(_ name: String, _ value: Int64) {
        advance(to: name)
        json.member(name, value)
    }

    mutating func digest(_ name: String, _ value: Digest256?) {
        text(name, value?.hex)
    }

    mutating func codes(_ name: String, _ values: [AgencyCode]) {
        advance(to: name)
        json.name(name)
        json.array(values) { writer, value in writer.string(value.string) }
    }

    mutating func finish() -> JSONWriter {
        while let member = common.popLast() { write(member) }
        return json
    }

    private mutating func advance(to name: String) {
        while let member = common.last, member.name.utf8.lexicographicallyPrecedes(name.utf8) {
            common.removeLast()
            write(member)
        }
    }

    private mutating func write(_ member: (name: String, value: Value)) {
        switch member.value {
        case .text(let text): json.member(member.name, text)
        case .number(let number): json.member(member.name, number)
        }
    }
}
