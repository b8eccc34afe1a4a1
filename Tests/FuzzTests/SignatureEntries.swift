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

/// What is told about a signature is JSON, whatever names and texts its maker chose.
private func checkReport(_ report: SignatureReport) throws {
    let json = Verdict(signatures: [report]).json()
    do {
        _ = try JSONReader.read(json)
    } catch {
        throw Disagreement("the verdict is no JSON: \(error) \(String(decoding: json, as: UTF8.self))")
    }
}
