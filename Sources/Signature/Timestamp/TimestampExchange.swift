package import Exchange
internal import OpenSSL

/// Why a timestamp authority's answer holds no token.
package struct TimestampRefusal: Error, Sendable, CustomStringConvertible {
    /// English, for the operator.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// What a timestamp authority is asked, and what it answers: RFC 3161 section 2.4.
package enum TimestampExchange {
    package static let requestType = "application/timestamp-query"
    package static let responseType = "application/timestamp-reply"

    /// Asks for a token over `digest` with the authority's certificate in it.
    ///
    /// Without a nonce: what is stamped is a tree that never was before, so an old answer cannot fit.
    package static func request(_ digest: Digest256) -> [UInt8] {
        let imprint = DERWriter.sequence(
            DERWriter.sequence(DERWriter.object(CMSObject.sha256), DERWriter.null),
            DERWriter.octets(digest.bytes))
        let certificateRequested: [UInt8] = [0x01, 0x01, 0xFF]
        return DERWriter.sequence(DERWriter.integer([1]), imprint, certificateRequested)
    }

    /// The token of an answer, unverified.
    package static func token(in response: [UInt8]) throws(TimestampRefusal) -> [UInt8] {
        do {
            var outer = DERReader(response)
            var reader = try outer.sequence()
            try outer.finish()
            var information = try reader.sequence()
            let status = try information.integer()
            // 0 granted, 1 granted with modifications.
            guard status == 0 || status == 1 else {
                throw TimestampRefusal("the authority answered with status \(status)")
            }
            let start = reader.position
            _ = try reader.next(DERReader.Tag.sequence)
            let token = reader.slice(start..<reader.position)
            try reader.finish()
            return token
        } catch let refusal as TimestampRefusal {
            throw refusal
        } catch {
            throw TimestampRefusal("the answer is no TimeStampResp in DER")
        }
    }
}

extension SignatureVerifier {
    /// Judges a token by itself, at its own time, against this verifier's anchors.
    ///
    /// - Parameters:
    ///   - stamped: what it must have been made over.
    ///   - now: the token exists by then.
    package func judge(token: [UInt8], over stamped: [UInt8], now: Instant) -> TimestampReport {
        judge(
            token: token, .archive, over: { Digester.hash(stamped, $0.imprintDigest) },
            TimestampSurroundings(provenTime: now)
        ).report
    }
}
