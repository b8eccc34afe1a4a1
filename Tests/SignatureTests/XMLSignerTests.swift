import Exchange
import Files
import OpenSSL
import Signature
import Testing

@Suite struct `A letter's enveloped signature` {
    static let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

    /// Full of what looks like the header's end and is not, of line ends and of namespaces.
    static func letter(insideHeader: String = "", tail: String = "") -> (before: String, after: String) {
        let before = """
            <?xml version="1.0" encoding="UTF-8"?>\r
            <?lienthong </edXML:edXMLHeader> ?>
            <!-- </edXML:edXMLHeader> <a b=' -->
            <edXML xmlns="\(namespace)" xmlns:unused="urn:unused">\r
             <edXML:edXMLEnvelope xmlns:edXML="\(namespace)">
              <edXML:edXMLHeader note="a > b /> &quot;" other='"/>'>
               <edXML:MessageHeader><edXML:Subject>Rà soát
                <![CDATA[</edXML:edXMLHeader>]]]]>&amp;</edXML:Subject>
                <edXML:empty  x="/"/><edXML:empty /><!--</edXML:edXMLHeader>--><?p </edXML:edXMLHeader>?>\r
               </edXML:MessageHeader>\(insideHeader)
              
            """
        let after = """
            </edXML:edXMLHeader\t>
              <edXML:edXMLBody><!--- -->&#13;</edXML:edXMLBody>
             </edXML:edXMLEnvelope>\(tail)
            </edXML>
            <!-- end --><?end?>

            """
        return (before, after)
    }

    private func sign(_ letter: String, _ material: SigningMaterial, _ kind: SigningCase? = nil) throws
        -> [UInt8]
    {
        try material.write(Array(letter.utf8), "letter.edxml")
        try? Directory.remove(material.path("signed.edxml"))
        let signer = XMLSigner(try material.identity(digest: kind?.digest, usesPSS: kind?.usesPSS ?? false))
        let output = try File(material.path("signed.edxml"), .createNew)
        let size = try signer.sign(try File(material.path("letter.edxml"), .read), to: output)
        let signed = try material.read("signed.edxml")
        #expect(signed.count == Int(size))
        return signed
    }

    private func verify(_ material: SigningMaterial) throws -> (status: Int32, output: String) {
        try material.run(
            "xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", "root.pem", "signed.edxml")
    }

    @Test(arguments: SigningCase.all)
    func `is accepted by xmlsec1 and changes no other byte`(_ kind: SigningCase) throws {
        let material = try SigningMaterial(kind.key)
        defer { material.remove() }
        let parts = Self.letter()
        let signed = String(decoding: try sign(parts.before + parts.after, material, kind), as: UTF8.self)
        #expect(signed.utf8.starts(with: parts.before.utf8))
        let rest = String(decoding: signed.utf8.dropFirst(parts.before.utf8.count), as: UTF8.self)
        #expect(rest.hasPrefix("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>"))
        #expect(rest.hasSuffix("</Signature>" + parts.after))
        #expect(rest.components(of: "<Signature ") == 1)
        let answer = try verify(material)
        #expect(answer.status == 0, "\(answer.output)")
    }

    @Test func `names RSASSA-PSS as RFC 9231 does`() throws {
        let material = try SigningMaterial(.rsa(bits: 2048))
        defer { material.remove() }
        let parts = Self.letter()
        let signed = try sign(parts.before + parts.after, material, SigningCase.pss[0])
        let text = String(decoding: signed, as: UTF8.self)
        #expect(text.components(of: "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1") == 1)
    }

    @Test func `breaks with any change of the letter`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let parts = Self.letter()
        let signed = String(decoding: try sign(parts.before + parts.after, material), as: UTF8.self)
        for (old, new) in [("Rà soát", "Xóa bỏ"), ("x=\"/\"", "x=\"\""), ("<?end?>", "")] {
            try material.write(Array(signed.replacing(old, with: new).utf8), "signed.edxml")
            #expect(try verify(material).status != 0, "\(old)")
        }
    }

    @Test func `finds the header's end wherever a read may cut it`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let piece = 256 << 10
        let plain = Self.letter()
        let whole = piece - plain.before.utf8.count
        for padding in (whole - 22)...(whole + 1) {
            let parts = Self.letter(insideHeader: String(repeating: "x", count: padding))
            let signed = try sign(parts.before + parts.after, material)
            #expect(signed.starts(with: parts.before.utf8))
            let rest = String(decoding: signed.dropFirst(parts.before.utf8.count), as: UTF8.self)
            #expect(rest.hasPrefix("<Signature ") && rest.hasSuffix("</Signature>" + parts.after))
        }
        #expect(try verify(material).status == 0)
    }

    @Test func `holds over attachments before and after the envelope`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let attachment =
            "<AttachmentEncoded>" + String(repeating: "SGVsbG8gPC9lZFhNTD4=\r\n", count: 60_000)
            + "</AttachmentEncoded>"
        let parts = Self.letter(tail: attachment)
        let envelope = "<edXML:edXMLEnvelope"
        let before = parts.before.replacing(envelope, with: attachment + envelope)
        let signed = try sign(before + parts.after, material)
        #expect(signed.starts(with: before.utf8))
        #expect(signed.reversed().starts(with: parts.after.utf8.reversed()))
        #expect(try verify(material).status == 0)
    }

    private func refusal(_ letter: String, _ material: SigningMaterial) -> SigningError.Code? {
        do {
            _ = try sign(letter, material)
            return nil
        } catch {
            return (error as? SigningError)?.code
        }
    }

    @Test func `is made once only`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let parts = Self.letter()
        let signed = String(decoding: try sign(parts.before + parts.after, material), as: UTF8.self)
        #expect(refusal(signed, material) == .alreadySigned)
        let hidden = Self.letter(tail: "<x:Signature xmlns:x=\"http://www.w3.org/2000/09/xmldsig#\"/>")
        #expect(refusal(hidden.before + hidden.after, material) == .alreadySigned)
    }

    @Test func `goes into letters only`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let open = "<edXML xmlns=\"\(Self.namespace)\"><edXMLEnvelope>"
        let close = "</edXMLEnvelope></edXML>"
        #expect(refusal(open + close, material) == .notALetter)
        #expect(refusal(open + "<edXMLHeader/>" + close, material) == .notALetter)
        #expect(
            refusal(open + "<edXMLHeader>a</edXMLHeader><edXMLHeader>b</edXMLHeader>" + close, material)
                == .notALetter)
        #expect(refusal(open + "<x><edXMLHeader>a</edXMLHeader></x>" + close, material) == .notALetter)
        #expect(
            refusal("<edXML><edXMLEnvelope><edXMLHeader>a</edXMLHeader>" + close, material) == .notALetter)
    }

    @Test func `is not made over broken XML`() throws {
        let material = try SigningMaterial()
        defer { material.remove() }
        let parts = Self.letter()
        for broken in [parts.before, "<!DOCTYPE a>" + parts.before + parts.after, ""] {
            #expect(throws: (any Error).self) { try sign(broken, material) }
        }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
