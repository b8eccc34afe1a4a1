import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `An XML signature outside of the profile` {
    let authority: Authority

    init() throws {
        authority = try Authority()
    }

    func code(_ letter: String) throws -> SignatureReasonCode? {
        let report = authority.verifier().verify(try evidence(of: letter), at: noon)
        #expect(report.indication != .totalPassed)
        return report.reasons.first?.code
    }

    func code(_ change: (inout SignedLetter) -> Void) throws -> SignatureReasonCode? {
        var draft = SignedLetter()
        change(&draft)
        return try code(try draft.signed(by: authority))
    }

    static let other = "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></Transform>"

    @Test func `is refused for its references`() throws {
        #expect(try code { $0.references = "" } == .referenceMissing)
        #expect(try code { $0.uri = "" } == .referenceMissing)
        #expect(try code { $0.uri = " URI=\"http://evil.example/\"" } == .referenceExternal)
        #expect(try code { $0.uri = " URI=\"file:///etc/passwd\"" } == .referenceExternal)
        #expect(try code { $0.uri = " URI=\"#xpointer(/)\"" } == .referenceExternal)
        #expect(try code { $0.uri = " URI=\"#body\"" } == .referenceExternal)
        let digest = Base64.encode([UInt8](repeating: 1, count: 32))
        let again =
            "<Reference URI=\"\"><Transforms>\(SignedLetter.enveloped)</Transforms><DigestMethod "
            + "Algorithm=\"\(SignedLetter.sha256)\"></DigestMethod>"
            + "<DigestValue>\(digest)</DigestValue></Reference>"
        #expect(try code { $0.moreReferences = again } == .referenceRepeated)
        #expect(try code { $0.moreReferences = again + again } == .referenceRepeated)
    }

    @Test func `is refused for its transforms`() throws {
        let exclusive = "<Transform Algorithm=\"\(SignedLetter.exclusive)\"></Transform>"
        let enveloped = SignedLetter.enveloped
        #expect(try code { $0.transforms = Self.other } == .transformForbidden)
        #expect(try code { $0.transforms = enveloped + Self.other } == .transformForbidden)
        #expect(try code { $0.transforms = exclusive } == .transformForbidden)
        #expect(try code { $0.transforms = exclusive + enveloped } == .transformForbidden)
        #expect(try code { $0.transforms = "" } == .transformForbidden)
        #expect(try code { $0.transforms = enveloped + exclusive + exclusive } == .transformForbidden)
        #expect(
            try code { $0.transforms = enveloped + String(repeating: exclusive, count: 200) }
                == .transformForbidden)
        let xpath =
            "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">"
            + "<XPath>//evil</XPath></Transform>"
        #expect(try code { $0.transforms = enveloped + xpath } == .transformForbidden)
        let comments = "<Transform Algorithm=\"\(SignedLetter.exclusive)WithComments\"></Transform>"
        #expect(try code { $0.transforms = enveloped + comments } == .transformForbidden)
        #expect(
            try code { $0.canonicalization = SignedLetter.exclusive + "WithComments" }
                == .canonicalizationForbidden)
        #expect(
            try code { $0.canonicalization = "http://www.w3.org/TR/xml-exc-c14n#" }
                == .canonicalizationForbidden)
    }

    @Test func `is refused for its algorithms`() throws {
        let old = "http://www.w3.org/2000/09/xmldsig#"
        #expect(try code { $0.digestMethod = "\(old)sha1" } == .digestForbidden)
        #expect(
            try code { $0.digestMethod = "http://www.w3.org/2001/04/xmldsig-more#md5" } == .digestForbidden)
        #expect(try code { $0.method = "\(old)rsa-sha1" } == .algorithmForbidden)
        #expect(try code { $0.method = "\(old)dsa-sha1" } == .algorithmForbidden)
        #expect(try code { $0.method = "\(old)hmac-sha1" } == .algorithmForbidden)
        #expect(
            try code { $0.method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }
                == .algorithmForbidden)
        #expect(
            try code {
                $0.method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
                $0.methodContent = "<HMACOutputLength>8</HMACOutputLength>"
            } == .outputLengthForbidden)
        #expect(try code { $0.method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" } == .keyMismatch)
        // The digest of the other length under the name of this one.
        #expect(try code { $0.digestAlgorithm = .sha512 } == .signatureEncoding)
    }

    @Test func `is refused for its keys`() throws {
        let value = "<KeyInfo><KeyValue><RSAKeyValue></RSAKeyValue></KeyValue></KeyInfo>"
        #expect(try code { $0.keyInfo = value } == .keyValueForbidden)
        #expect(try code { $0.keyInfo = "<KeyInfo><KeyName>mine</KeyName></KeyInfo>" } == .keyInfoForbidden)
        #expect(
            try code {
                $0.keyInfo =
                    "<KeyInfo><RetrievalMethod URI=\"http://evil.example/\"></RetrievalMethod></KeyInfo>"
            }
                == .keyInfoForbidden)
        #expect(try code { $0.keyInfo = "" } == .certificateMissing)
        #expect(try code { $0.keyInfo = "<KeyInfo><X509Data></X509Data></KeyInfo>" } == .certificateMissing)
        let bad = "<KeyInfo><X509Data><X509Certificate>MAA=</X509Certificate></X509Data></KeyInfo>"
        #expect(try code { $0.keyInfo = bad } == .certificateUnreadable)
        let one = "<X509Certificate>\(Base64.encode(authority.signer.der))</X509Certificate>"
        let many = "<KeyInfo><X509Data>\(String(repeating: one, count: 17))</X509Data></KeyInfo>"
        #expect(try code { $0.keyInfo = many } == .tooManyCertificates)
        let short = try Authority(.rsa(bits: 1024))
        var draft = SignedLetter()
        draft.method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        draft.algorithm = .rsaPKCS1(.sha256)
        let report = short.verifier().verify(try evidence(of: try draft.signed(by: short)), at: noon)
        #expect(report.reasons.map(\.code) == [.keyTooShort, .chainWeak])
    }

    @Test func `is refused for its shape`() throws {
        #expect(try code { $0.moreInfo = "<SignedInfo></SignedInfo>" } == .signedInfoRepeated)
        #expect(try code { $0.moreInfo = "text" } == .signatureStructure)
        #expect(try code { $0.moreInfo = "<?instruction?>" } == .signatureStructure)
        #expect(try code { $0.objects = "<Object><Manifest></Manifest></Object>" } == .manifestForbidden)
        #expect(try code { $0.objects = "<Object><evil></evil></Object>" } == .objectForbidden)
        #expect(try code { $0.objects = "<Object></Object>" } == .objectForbidden)
        #expect(
            try code {
                $0.signatureAttributes = " Id=\"a\""
                $0.keyInfo = "<KeyInfo Id=\"a\"></KeyInfo>"
            } == .identifierRepeated)
        let filler = String(repeating: "<a></a>", count: 1100)
        #expect(try code { $0.objects = "<Object>\(filler)</Object>" } == .signatureTooLarge)
        let long = String(repeating: "A", count: 5 << 20)
        #expect(try code { $0.objects = "<Object>\(long)</Object>" } == .signatureTooLarge)
    }

    @Test func `is refused when wrapped`() throws {
        let signed = try SignedLetter().signed(by: authority)
        let draft = SignedLetter()
        let signature = try draft.signature(by: authority.key, [authority.signer])
        // The signed letter moved into the signature's Object, another one around it.
        let whole = SignedLetter.body.split(separator: "\n").dropFirst().joined(separator: "\n")
        let original = whole.replacingSlot(with: "")
        let evil = SignedLetter.body.replacing("rà soát", with: "chuyển tiền")
        let inObject = signature.replacing("</Signature>", with: "<Object>\(original)</Object></Signature>")
        #expect(try code(evil.replacingSlot(with: inObject)) == .objectForbidden)
        // Beside it, before it, around it.
        let beside = evil.replacingSlot(with: "\(signature)<wrapper>\(original)</wrapper>")
        #expect(try code(beside) == .digestMismatch)
        let before = evil.replacingSlot(with: "<wrapper>\(original)</wrapper>\(signature)")
        #expect(try code(before) == .digestMismatch)
        let inside = evil.replacingSlot(
            with:
                "<wrapper>\(whole.replacingSlot(with: signature))</wrapper>"
        )
        #expect(try code(inside) == .signatureMisplaced)
        // A second signature; a signature elsewhere.
        #expect(
            try code(signed.replacing("</Signature>", with: "</Signature>\(signature)")) == .signatureRepeated
        )
        let elsewhere = SignedLetter.body.replacingSlot(with: "")
            .replacing("<edXML:edXMLBody/>", with: "<edXML:edXMLBody>\(signature)</edXML:edXMLBody>")
        #expect(try code(elsewhere) == .signatureMisplaced)
        let nested = SignedLetter.body.replacingSlot(with: "<edXML:Extra>\(signature)</edXML:Extra>")
        #expect(try code(nested) == .signatureMisplaced)
        // A second header that carries it.
        let twoHeaders = SignedLetter.body.replacingSlot(with: "").replacing(
            "<edXML:edXMLBody/>",
            with: "<edXML:edXMLHeader>\(signature)</edXML:edXMLHeader><edXML:edXMLBody/>")
        #expect(try code(twoHeaders) == .signatureMisplaced)
        // Not a letter at all.
        #expect(try code("<a><b><c>\(signature)</c></b></a>") == .signatureMisplaced)
    }

    @Test func `does not read a truncated value across a comment`() throws {
        let signed = try SignedLetter().signed(by: authority)
        // Comments inside values vanish for the parser as for the canonical form: the same text is read.
        let commented = signed.replacing("<DigestValue>", with: "<DigestValue><!-- evil -->")
        #expect(authority.verifier().verify(try evidence(of: commented), at: noon).indication == .totalPassed)
        let letter = signed.replacing("phối", with: "ph<!-- -->ối")
        #expect(authority.verifier().verify(try evidence(of: letter), at: noon).indication == .totalPassed)
    }
}
