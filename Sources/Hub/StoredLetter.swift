internal import Exchange
internal import Files
internal import OpenSSL
internal import Signature
internal import Storage

/// Judges a letter again from what is stored, as of the time at which it was received.
///
/// The same pass as on its way in, over the same bytes: a shorter one that looked at the chain alone would be
/// a second opinion by other rules.
struct StoredLetter {
    let reader: StoreReader
    let letter: JudgedLetter

    struct Judgement {
        let verdict: Verdict
        let evidence: Evidence?
    }

    /// - Throws: where the letter cannot be read; nothing is known then, and nothing is changed.
    func judge(by rules: JudgingRules) throws -> Judgement {
        let reading = MessageReading(
            readingAgain: letter.payload.length, folder: reader.scratchFolder)
        try reader.forEachPiece(of: letter.payload) { try reading.receive($0.span) }
        if let place = letter.signature {
            let signature = try reader.bytes(place)
            try reading.receiveSignature(signature.span)
        }
        let read = try reading.finish()
        let verified = Verification(rules: rules).verify(
            read, policy: .warn, at: letter.acceptedAt,
            contentDigest: { $0 == .sha256 ? read.sha256.bytes : digest($0) })
        return Judgement(verdict: verified.verdict, evidence: verified.evidence)
    }

    private func digest(_ algorithm: DigestAlgorithm) -> [UInt8]? {
        let digester = Digester(algorithm)
        do {
            try reader.forEachPiece(of: letter.payload) { digester.update($0) }
        } catch {
            return nil
        }
        return digester.finalize()
    }
}
