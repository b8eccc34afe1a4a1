import Exchange
import OpenSSL
import Signature
import Testing

/// Material that other software made: `xmlsec1` for XML-DSig, `openssl cms` for CMS.
@Suite struct `What other software signs` {
    static let forms: [(String, String, String)] = [
        ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#", ""),
        (
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""
        ),
        ("http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/2006/12/xml-c14n11", ""),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#", ""),
        ("http://www.w3.org/2001/10/xml-exc-c14n#", "", ""),
        (
            "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#",
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" "
                + "PrefixList=\"#default edXML\"/>"
        ),
    ]

    @Test(arguments: forms, [PrivateKey.Specification.rsa(bits: 2048), .ec(.p256)])
    func `with xmlsec1 passes`(
        form: (info: String, transform: String, content: String), specification: PrivateKey.Specification
    ) throws {
        let authority = try Authority(specification)
        let workshop = try Workshop()
        let method = specification == .ec(.p256) ? "ecdsa-sha256" : "rsa-sha256"
        let transform =
            form.transform.isEmpty
            ? "" : "<ds:Transform Algorithm=\"\(form.transform)\">\(form.content)</ds:Transform>"
        let template = """
            <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
              <ds:SignedInfo>
                <ds:CanonicalizationMethod
                 Algorithm="\(form.info)">\(form.content)</ds:CanonicalizationMethod>
                <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#\(method)"/>
                <ds:Reference URI=""><ds:Transforms><ds:Transform
                 Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
                 \(transform)</ds:Transforms>
                  <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>
                </ds:Reference>
              </ds:SignedInfo>
              <ds:SignatureValue/>
              <ds:KeyInfo><ds:X509Data/></ds:KeyInfo>
            </ds:Signature>
            """
        let letter = SignedLetter.body.replacing(
            "<edXML xmlns=", with: "<edXML xml:lang=\"vi\" xmlns:unused=\"urn:unused\" xmlns=")
        try workshop.write("letter.xml", Array(letter.replacingSlot(with: template).utf8))
        try workshop.write("key.pem", authority.key.pem)
        try workshop.write("cert.pem", authority.signer.pem)
        try workshop.run(
            "xmlsec1", "--sign", "--privkey-pem", "key.pem,cert.pem", "--output", "signed.xml", "letter.xml")
        let signed = try workshop.read("signed.xml")
        let report = authority.verifier().verify(try evidence(of: signed), at: noon)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        let changed = String(decoding: signed, as: UTF8.self).replacing("rà soát", with: "xem xét")
        #expect(
            authority.verifier().verify(try evidence(of: changed), at: noon).subIndication == .hashFailure)
    }

    static let messages: [(PrivateKey.Specification, String, [String])] = [
        (.rsa(bits: 2048), "sha256", []), (.rsa(bits: 3072), "sha512", []), (.ec(.p256), "sha256", []),
        (.ec(.p384), "sha384", []), (.ec(.p521), "sha512", ["-nosmimecap"]),
        (.rsa(bits: 2048), "sha256", ["-keyopt", "rsa_padding_mode:pss"]),
        (.rsa(bits: 2048), "sha384", ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"]),
        (.ec(.p256), "sha256", ["-keyid"]),
    ]

    @Test(arguments: messages)
    func `with openssl cms passes`(
        specification: PrivateKey.Specification, digest: String, options: [String]
    ) throws {
        let authority = try Authority(specification)
        let workshop = try Workshop()
        let content = Array("Nội dung\r\nvăn bản\0".utf8)
        try workshop.write("content", content)
        try workshop.write("key.pem", authority.key.pem)
        try workshop.write("cert.pem", authority.signer.pem)
        try workshop.write("ca.pem", authority.agencies.certificate.pem)
        var words = [
            "openssl", "cms", "-sign", "-binary", "-cades", "-md", digest, "-in", "content", "-signer",
            "cert.pem",
            "-inkey", "key.pem",
        ]
        words += options + ["-certfile", "ca.pem", "-outform", "DER", "-out", "out.p7s"]
        try workshop.run(words)
        let message = try workshop.read("out.p7s")
        let verifier = SignatureVerifier(
            trust: TrustStore(certificates: [authority.root.certificate]), algorithms: AlgorithmPolicy())
        let report = verifier.verify(cms: message, contentDigest: { Digester.hash(content, $0) }, at: noon)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-B")
        #expect(report.signingTime != nil)
        let other = verifier.verify(
            cms: message, contentDigest: { Digester.hash(content + [0], $0) }, at: noon)
        #expect(other.subIndication == .hashFailure)
        #expect(
            verifier.verify(cms: message, contentDigest: { _ in nil }, at: noon).subIndication == .hashFailure
        )
    }

    static let stamping = """
        [tsa]
        default_tsa = it
        [it]
        dir = .
        serial = ./serial
        signer_digest = sha256
        default_policy = 1.2.3.4.1
        digests = sha256, sha384, sha512
        accuracy = secs:1
        ordering = yes
        ess_cert_id_chain = no
        """

    @Test(arguments: ["sha1", "sha256"], ["sha256", "sha512"])
    func `stamped with openssl ts passes`(identifier: String, digest: String) throws {
        let authority = try Authority()
        let tsa = try TimestampAuthority(below: authority.root)
        let workshop = try Workshop()
        var draft = CMSDraft(authority)
        try draft.sign()
        try workshop.write("value", try draft.signedValue)
        try workshop.write("tsa.pem", tsa.certificate.pem)
        try workshop.write("tsa.key", tsa.key.pem)
        try workshop.write("ca.pem", tsa.issuer.certificate.pem)
        try workshop.write("ts.cnf", Array("\(Self.stamping)\ness_cert_id_alg = \(identifier)\n".utf8))
        try workshop.run(
            "openssl", "ts", "-query", "-data", "value", "-\(digest)", "-cert", "-out", "query")
        try workshop.run(
            "openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-signer", "tsa.pem",
            "-inkey", "tsa.key", "-chain", "ca.pem", "-token_out", "-out", "token")
        draft.unsigned = [attribute(CMSDraft.timestamp, try workshop.read("token"))]
        let report = authority.verifier().verify(
            cms: try draft.bytes(), contentDigest: { Digester.hash(draft.content, $0) },
            at: noon.adding(seconds: 300 * oneDay))
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-T")
    }

    @Test func `and what the tests stamp passes with openssl ts`() throws {
        let authority = try Authority()
        let tsa = try TimestampAuthority(below: authority.root)
        let workshop = try Workshop()
        try workshop.write("value", [1, 2, 3])
        try workshop.write("root.pem", authority.root.certificate.pem)
        try workshop.write("token", try tsa.token(over: [1, 2, 3], at: noon))
        let words = [
            "openssl", "ts", "-verify", "-in", "token", "-token_in", "-data", "value", "-CAfile", "root.pem",
        ]
        try workshop.run(words)
        try workshop.write("value", [1, 2, 4])
        #expect(throws: Workshop.CommandFailed.self) { try workshop.run(words) }
    }
}
