internal import OpenSSL

/// ats-hash-index-v3, EN 319 122-1 section 5.5.2: what an archive timestamp covers beside the signature, as
/// hashes of the message's parts. Parts that it does not list came later.
struct ArchiveHashIndex {
    let algorithm: DigestAlgorithm
    private let certificates: [[UInt8]]
    private let revocationItems: [[UInt8]]
    private let entries: [[UInt8]]

    init(_ der: [UInt8]) throws {
        var outer = DERReader(der)
        var reader = try outer.sequence()
        algorithm = try CMSAlgorithms.digest(try CMSAlgorithms.read(&reader))
        var lists: [[[UInt8]]] = []
        for _ in 0..<3 {
            var list = try reader.sequence()
            var hashes: [[UInt8]] = []
            while !list.isAtEnd { hashes.append(try list.octetString()) }
            lists.append(hashes)
        }
        try reader.finish()
        (certificates, revocationItems, entries) = (lists[0], lists[1], lists[2])
    }

    /// Whether everything that the index lists is there as it was.
    func matches(_ message: CMSMessage) -> Bool {
        func holds(_ hashes: [[UInt8]], _ parts: [[UInt8]]) -> Bool {
            Set(hashes).isSubset(of: parts.map { Digester.hash($0, algorithm) })
        }
        return holds(certificates, message.certificates) && holds(revocationItems, message.revocationItems)
            && holds(entries, message.unsigned.entries)
    }

    /// Whether it covers every timestamp over the signature, and all revocation data of the message.
    func coversEvidence(of message: CMSMessage) -> Bool {
        let type =
            [DERReader.Tag.objectIdentifier, UInt8(CMSObject.archiveTimestamp.count)]
            + CMSObject.archiveTimestamp
        let needed = message.unsigned.entries.filter { !$0.starts(with: type) }
        return Set(needed.map { Digester.hash($0, algorithm) }).isSubset(of: entries)
            && Set(message.revocationItems.map { Digester.hash($0, algorithm) }).isSubset(of: revocationItems)
    }
}

extension CMSMessage {
    /// Whether an archive timestamp, valid or not, is about all the evidence in the message.
    func isWhole(under archiveTimestamp: [UInt8]) -> Bool {
        guard let index = (try? TimestampToken(archiveTimestamp))?.message.unsigned.hashIndex else {
            return false
        }
        return (try? ArchiveHashIndex(index))?.coversEvidence(of: self) ?? false
    }

    /// What an archive-time-stamp-v3 with that index is made over, EN 319 122-1 section 5.5.3.
    func archived(contentDigest: [UInt8], index: [UInt8]) -> [UInt8] {
        let type = [DERReader.Tag.objectIdentifier, UInt8(CMSObject.data.count)] + CMSObject.data
        return type + contentDigest + signerFields + index
    }
}
