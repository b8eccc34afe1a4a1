import EdXML
import Exchange
import JSON
import OpenSSL
import Signature
import XML

let signatureEntries = [
    // A letter that passes must say what the signed seed says: see what is signed.
    Entry("signed-letter", mutations: 80) { bytes in
        let signature = XMLSignatureReader()
        let reader = EdXMLReader(limits: EdXMLLimits())
        let parser = XMLEventReader(handler: XMLEventTee(reader, signature))
        do {
            try parser.feed(bytes)
            try parser.finish()
        } catch { return }
        let report = Material.signatures.verify(signature.evidence(), at: Material.time)
        try checkReport(report)
        guard report.indication == .totalPassed, let message = try? reader.message() else { return }
        guard let letter = message.letter else { throw Disagreement("passed, and is no letter") }
        try check(Material.signedLetters.contains(letter), "passed, and says: \(letter)")
    },
    // The first byte decides whether the content is the signed one.
    Entry("cms") { bytes in
        guard let choice = bytes.first else { return }
        let content = choice == 0 ? Material.file("content.bin") : [choice]
        let report = Material.signatures.verify(
            cms: Array(bytes.dropFirst()), contentDigest: { Digester.hash(content, $0) }, at: Material.time)
        try checkReport(report)
        try check(report.indication != .totalPassed || choice == 0, "a signature over something else passed")
    },
    // Revocation data that came along: whatever it says, only what its issuer signed may count.
    Entry("ocsp") { bytes in
        var embedded = RevocationData(lists: (try? CertificateList.all(in: bytes)) ?? [])
        embedded.responses = (try? OCSPResponse.all(in: bytes)) ?? []
        if let basic = try? OCSPResponse(basicDER: bytes) { embedded.responses.append(basic) }
        guard !embedded.isEmpty else { return }
        for signer in Material.signers {
            let result = Material.trust.validate(
                signer, purpose: .documentSigning, at: Material.time, embedded: embedded)
            for status in result.revocation {
                try check(Material.isTrue(status, of: signer), "\(status) by a stranger")
            }
        }
    },
    // A timestamp authority's answer, or a token: only the one that was really made passes, over what it was
    // made over, and with its own time.
    Entry("timestamp") { bytes in
        guard let choice = bytes.first else { return }
        var token = Array(bytes.dropFirst())
        if choice == 0 {
            guard let found = try? TimestampExchange.token(in: token) else { return }
            token = found
        }
        let now = Instant(year: 2030, month: 1, day: 1)!
        let report = Material.signatures.judge(token: token, over: Material.stamped, now: now)
        try check(
            !report.hasPassed || report.genTime == Material.genTime, "a token with another time passed")
        let other = Material.signatures.judge(token: token, over: [choice], now: now)
        try check(!other.hasPassed, "a token over something else passed")
    },
    Entry("x509") { bytes in
        for certificate in (try? Certificate.all(in: bytes)) ?? [] {
            _ = (
                certificate.subject, certificate.extendedKeyUsages, certificate.ocspURLs, certificate.crlURLs
            )
            let result = Material.trust.validate(
                certificate, untrusted: [certificate], purpose: .documentSigning, at: Material.time)
            try check(
                !result.isTrusted || Material.issued.contains(certificate.sha256), "a stranger is trusted")
        }
        for list in (try? CertificateList.all(in: bytes)) ?? [] {
            for certificate in Material.trust.intermediates + Material.trust.anchors {
                _ = (
                    list.coverage(of: certificate), list.isSigned(by: certificate),
                    list.entry(for: certificate)
                )
            }
        }
    },
]

private func checkReport(_ report: SignatureReport) throws {
    try checkJSON(Verdict(signatures: [report]))
}

/// What is told about signatures is JSON, whatever names and texts their makers chose.
func checkJSON(_ verdict: Verdict) throws {
    let json = verdict.json()
    do {
        _ = try JSONReader.read(json)
    } catch {
        throw Disagreement("the verdict is no JSON: \(error) \(String(decoding: json, as: UTF8.self))")
    }
}
