import Exchange
import OpenSSL
import Signature
import XML

/// A letter signed by rules that each test can bend: what is written, what is digested and what is signed are
/// separate, as they are for an attacker.
struct SignedLetter {
    static let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    static let enveloped =
        "<Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></Transform>"
    static let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256"
    static let slot = "<!--here-->"
    static let body = """
        <?xml version="1.0" encoding="UTF-8"?>
        <edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">
         <edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLHeader>
          <edXML:MessageHeader><edXML:Subject>V/v phối hợp &amp; rà soát &#13; mã</edXML:Subject>
          </edXML:MessageHeader>
          \(slot)
         </edXML:edXMLHeader><edXML:edXMLBody/></edXML:edXMLEnvelope>
         <AttachmentEncoded><Attachment b="2" a="1">JVBERi0xLjcK</Attachment></AttachmentEncoded>
        </edXML>
        """

    var letter = SignedLetter.body
    var method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    var methodContent = ""
    var algorithm = SignatureAlgorithm.ecdsa(.sha256, .fixedLength)
    var canonicalization = SignedLetter.exclusive
    var transforms =
        SignedLetter.enveloped + "<Transform Algorithm=\"\(SignedLetter.exclusive)\"></Transform>"
    var digestMethod = SignedLetter.sha256
    var digestAlgorithm = DigestAlgorithm.sha256
    var form = CanonicalizationMethod.exclusive10
    var uri = " URI=\"\""
    var moreReferences = ""
    /// Takes the place of all References.
    var references: String?
    var moreInfo = ""
    var signatureAttributes = ""
    var keyInfo: String?
    var objects = ""

    func references(digest: [UInt8]) -> String {
        references
            ?? "<Reference\(uri)><Transforms>\(transforms)</Transforms>"
            + "<DigestMethod Algorithm=\"\(digestMethod)\">"
            + "</DigestMethod><DigestValue>\(Base64.encode(digest))</DigestValue></Reference>"
            + moreReferences
    }

    /// The element alone.
    func signature(by key: PrivateKey, _ certificates: [Certificate]) throws -> String {
        let unsigned = letter.replacingSlot(with: "")
        let digest = Digester.hash(try canonical(unsigned, form), digestAlgorithm)
        let inside =
            "<CanonicalizationMethod Algorithm=\"\(canonicalization)\"></CanonicalizationMethod>"
            + "<SignatureMethod Algorithm=\"\(method)\">\(methodContent)</SignatureMethod>"
            + references(digest: digest)
        let signed = "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\(inside)</SignedInfo>"
        let value = try key.sign(try canonical(signed, .exclusive10), algorithm)
        let list = certificates.map { "<X509Certificate>\(Base64.encode($0.der))</X509Certificate>" }.joined()
        let keys = keyInfo ?? "<KeyInfo><X509Data>\(list)</X509Data></KeyInfo>"
        return "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"\(signatureAttributes)>"
            + "<SignedInfo>\(inside)</SignedInfo>\(moreInfo)"
            + "<SignatureValue>\(Base64.encode(value))</SignatureValue>"
            + "\(keys)\(objects)</Signature>"
    }

    func signed(by authority: Authority) throws -> String {
        letter.replacingSlot(
            with: try signature(by: authority.key, [authority.signer, authority.agencies.certificate]))
    }
}

extension String {
    func replacingSlot(with text: String) -> String {
        replacing(SignedLetter.slot, with: text)
    }

    func replacing(_ part: String, with text: String) -> String {
        guard let range = range(of: part) else { return self }
        return self[..<range.lowerBound] + text + self[range.upperBound...]
    }

    private func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
