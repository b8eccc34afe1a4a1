import Exchange
import Signature
import Testing

/// Signature wrapping: what was signed is kept for the verifier, something else is shown to the reader.
@Suite struct `A wrapped signature` {
    let letter: AttackedLetter

    init() throws {
        letter = try AttackedLetter()
        // Every attack below starts from a letter that passes and is read.
        #expect(try letter.difference(letter.signed) == nil)
    }

    private var original: String { AttackedLetter.document.replacingSlot(with: "") }
    private func inSignature(_ place: String, _ content: String) -> String {
        letter.evil.replacingSlot(with: letter.signature.replacing(place, with: content + place))
    }

    @Test func `with the signed copy in an Object is refused`() throws {
        #expect(
            try letter.refusal(inSignature("</Signature>", "<Object>\(original)</Object>"))
                == .objectForbidden)
    }

    @Test func `with the signed copy beside its parts is refused`() throws {
        #expect(try letter.refusal(inSignature("</Signature>", original)) == .signatureStructure)
        #expect(try letter.refusal(inSignature("<SignedInfo>", original)) == .signatureStructure)
        #expect(try letter.refusal(inSignature("</SignedInfo>", original)) == .signatureStructure)
        #expect(try letter.refusal(inSignature("</Reference>", original)) == .signatureStructure)
        #expect(try letter.refusal(inSignature("</Transforms>", original)) == .transformForbidden)
        #expect(try letter.refusal(inSignature("</SignatureValue>", original)) == .signatureEncoding)
    }

    @Test func `with the signed copy in KeyInfo is refused`() throws {
        #expect(try letter.refusal(inSignature("</KeyInfo>", original)) == .keyInfoForbidden)
        #expect(try letter.refusal(inSignature("</X509Data>", original)) == .keyInfoForbidden)
        #expect(try letter.refusal(inSignature("</X509Certificate>", original)) == .certificateUnreadable)
    }

    @Test func `with elements of a letter in KeyInfo is refused, though what was signed is all there`() throws
    {
        let to = "<To xmlns=\"\(AttackedLetter.namespace)\"><OrganId>H31.9</OrganId></To>"
        for place in ["</KeyInfo>", "</X509Data>"] {
            let more = letter.signed.replacing(place, with: to + place)
            #expect(try letter.refusal(more) == .keyInfoForbidden)
        }
        let named = "<X509SubjectName>\(to)</X509SubjectName></X509Data>"
        #expect(try letter.refusal(letter.signed.replacing("</X509Data>", with: named)) == .keyInfoForbidden)
    }

    @Test func `with the signed copy before it is refused`() throws {
        let before = letter.evil.replacingSlot(with: "<w>\(original)</w>\(letter.signature)")
        #expect(try letter.refusal(before) == .digestMismatch)
    }

    @Test func `with the signed copy after it is refused`() throws {
        let after = letter.evil.replacingSlot(with: "\(letter.signature)<w>\(original)</w>")
        #expect(try letter.refusal(after) == .digestMismatch)
    }

    @Test func `in an evil wrapper is refused`() throws {
        let whole = AttackedLetter.document.replacingSlot(with: letter.signature)
        let wrapper = letter.evil.replacingSlot(with: "").replacing("</edXML>", with: "\(whole)</edXML>")
        #expect(try letter.refusal(wrapper) == .signatureMisplaced)
        #expect(try letter.refusal("<evil>\(whole)</evil>") == .signatureMisplaced)
        #expect(
            try letter.refusal("<edXML xmlns=\"\(AttackedLetter.namespace)\">\(whole)</edXML>")
                == .signatureMisplaced)
    }

    @Test func `beside an evil sibling is refused`() throws {
        let envelope =
            "<e:edXMLEnvelope xmlns:e=\"\(AttackedLetter.namespace)\"><e:edXMLHeader><e:MessageHeader>"
            + "<e:To><e:OrganId>H31.9</e:OrganId></e:To></e:MessageHeader></e:edXMLHeader></e:edXMLEnvelope>"
        let first = letter.signed.replacing("<e:edXMLEnvelope", with: "\(envelope)<e:edXMLEnvelope")
        #expect(try letter.refusal(first) == .signatureMisplaced)
        let second = letter.signed.replacing("</e:edXMLEnvelope>", with: "</e:edXMLEnvelope>\(envelope)")
        #expect(try letter.refusal(second) == .digestMismatch)
        #expect(try letter.rejection(second) == .elementRepeated)
        let to = "<e:To><e:OrganId>H31.9</e:OrganId></e:To>"
        let header = letter.signed.replacing(
            "<e:MessageHeader>", with: "<e:MessageHeader>\(to)</e:MessageHeader><e:MessageHeader>")
        #expect(try letter.refusal(header) == .digestMismatch)
        #expect(try letter.findings(header).contains(.elementRepeated))
    }

    @Test func `over a part named by its Id is refused`() throws {
        let byID = try AttackedLetter { $0.uri = " URI=\"#part\"" }
        let part = byID.signature.replacing(
            "</Signature>", with: "<Object Id=\"part\">\(original)</Object></Signature>")
        #expect(try byID.refusal(byID.evil.replacingSlot(with: part)) == .referenceExternal)
        for uri in ["#xpointer(id('part'))", "#xpointer(/)", "#"] {
            let other = try AttackedLetter { $0.uri = " URI=\"\(uri)\"" }
            #expect(try other.refusal(other.signed) == .referenceExternal)
        }
    }

    @Test func `with an Id that stands twice is refused`() throws {
        let twice = letter.signature.replacing("<Signature ", with: "<Signature Id=\"a\" ")
            .replacing("<KeyInfo>", with: "<KeyInfo Id=\"a\">")
        #expect(try letter.refusal(letter.evil.replacingSlot(with: twice)) == .identifierRepeated)
        let spelled = twice.replacing("<KeyInfo Id=", with: "<KeyInfo ID=")
        #expect(try letter.refusal(letter.evil.replacingSlot(with: spelled)) == .identifierRepeated)
    }

    @Test func `beside another one is refused`() throws {
        let two = letter.signed.replacing("</Signature>", with: "</Signature>\(letter.signature)")
        #expect(try letter.refusal(two) == .signatureRepeated)
        let nested = letter.signed.replacing(
            "</Signature>", with: "<Object>\(letter.signature)</Object></Signature>")
        #expect(try letter.refusal(nested) == .signatureRepeated)
    }

    @Test func `in another place is refused`() throws {
        for (old, new) in [
            ("</e:MessageHeader>", "\(letter.signature)</e:MessageHeader>"),
            ("<e:edXMLHeader>", "\(letter.signature)<e:edXMLHeader>"),
            ("</e:edXMLManifest>", "\(letter.signature)</e:edXMLManifest>"),
            ("</edXML>", "\(letter.signature)</edXML>"),
        ] {
            let moved = letter.evil.replacingSlot(with: "").replacing(old, with: new)
            #expect(try letter.refusal(moved) == .signatureMisplaced)
        }
    }

    @Test func `under another namespace is none`() throws {
        let foreign = letter.signed.replacing(
            "http://www.w3.org/2000/09/xmldsig#\"><SignedInfo", with: "urn:evil\"><SignedInfo")
        #expect(try letter.refusal(foreign) == .foreignSignature)
    }
}
