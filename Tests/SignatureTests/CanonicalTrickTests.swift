import Exchange
import Signature
import Testing
import XML

/// What canonicalisation makes equal, and what must not pass for it.
@Suite struct `A letter that was changed under its signature` {
    let letter: AttackedLetter

    init() throws {
        letter = try AttackedLetter()
        #expect(try letter.difference(letter.signed) == nil)
    }

    private static let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

    private func inclusiveLetter() throws -> AttackedLetter {
        try AttackedLetter {
            $0.transforms = SignedLetter.enveloped + "<Transform Algorithm=\"\(Self.inclusive)\"></Transform>"
            $0.form = .inclusive10
        }
    }

    @Test func `in a namespace is refused`() throws {
        for (old, new) in [
            ("<e:To>", "<e:To xmlns:e=\"urn:evil\">"),
            ("<AttachmentEncoded>", "<AttachmentEncoded xmlns=\"\">"),
            ("<e:Subject>", "<e:Subject xmlns:e=\"urn:evil\">"),
        ] {
            #expect(try letter.refusal(letter.signed.replacing(old, with: new)) == .digestMismatch)
        }
    }

    @Test func `in a prefix is refused`() throws {
        let renamed = letter.signed.replacing(
            "<e:Subject>", with: "<f:Subject xmlns:f=\"\(AttackedLetter.namespace)\">"
        )
        .replacing("</e:Subject>", with: "</f:Subject>")
        #expect(try letter.refusal(renamed) == .digestMismatch)
    }

    @Test func `by a namespace that nothing uses says the same or is refused`() throws {
        let more = { (letter: AttackedLetter) in
            letter.signed.replacing("<e:To>", with: "<e:To xmlns:u=\"urn:u\">")
        }
        #expect(try letter.difference(more(letter)) == nil)
        let inclusive = try inclusiveLetter()
        #expect(try inclusive.difference(inclusive.signed) == nil)
        #expect(try inclusive.refusal(more(inclusive)) == .digestMismatch)
    }

    @Test(arguments: [
        "xml:lang=\"en\"", "xml:space=\"preserve\"", "xml:base=\"http://evil.example/\"", "xml:id=\"x\"",
        "id=\"x\"",
    ])
    func `by an attribute is refused, whatever canonicalisation`(_ attribute: String) throws {
        for letter in [letter, try inclusiveLetter()] {
            for element in ["<edXML ", "<e:edXMLHeader", "<e:To"] {
                let changed = letter.signed.replacing(element, with: "\(element.trimmedEnd) \(attribute) ")
                #expect(try letter.refusal(changed) == .digestMismatch, "\(element)")
            }
        }
    }

    @Test func `by a processing instruction is refused`() throws {
        for place in ["<e:To>", "<e:Subject>", "<edXML "] {
            let changed = letter.signed.replacing(place, with: "<?evil?>\(place)")
            #expect(try letter.refusal(changed) == .digestMismatch)
        }
        let inside = letter.signed.replacing("<KeyInfo>", with: "<?evil?><KeyInfo>")
        #expect(try letter.refusal(inside) == .signatureStructure)
    }

    @Test func `in white space is refused`() throws {
        for (old, new) in [
            ("<e:To>", "<e:To> "), ("</edXML>", "\n</edXML>"), ("rà soát", "rà  soát"),
            ("rà soát", "rà&#13; soát"),
        ] {
            #expect(try letter.refusal(letter.signed.replacing(old, with: new)) == .digestMismatch)
        }
    }

    @Test func `in its spelling only says the same`() throws {
        for (old, new) in [
            ("rà soát", "r&#xE0; so&#225;t"), ("rà soát", "<![CDATA[rà soát]]>"), ("\n<e:Doc", "\r\n<e:Doc"),
            ("<e:Place>Nơi gửi</e:Place>", "<e:Place >Nơi<!-- --> gửi</e:Place\n>"),
            ("<e:Subject>", "<!-- a comment --><e:Subject>"), ("?>\n", "?>\n\n<!-- --> "),
        ] {
            #expect(try letter.difference(letter.signed.replacing(old, with: new)) == nil, "\(new)")
        }
    }

    @Test func `from NFC to NFD is refused`() throws {
        #expect(try letter.refusal(letter.signed.replacing("rà", with: "ra\u{300}")) == .digestMismatch)
    }

    @Test(arguments: [
        ("H37.12</e:O", "H37<!-- -->.12</e:O"), ("H31.7.1", "H31.7<!-- -->.1"),
        ("<e:From>", "<e:From><!-- -->"),
        ("<e:To>", "<e:To><!-- -->"), ("H37.12,482", "H37.12<!-- -->,482"), ("<e:Code>", "<e:Code><!-- -->"),
        ("482</e:CodeN", "4<!-- -->82</e:CodeN"), ("SKHCN", "SK<!-- -->HCN"),
        ("2026/11/20", "2026/11/<!-- -->20"),
        ("JVBERi0=", "JVBE<!-- -->Ri0="),
    ])
    func `by a comment where routing looks still passes, and is refused by the reader`(
        _ old: String, _ new: String
    )
        throws
    {
        // The canonical form has no comments, so the signature cannot tell.
        let changed = letter.signed.replacing(old, with: new)
        #expect(try letter.refusal(changed) == nil)
        #expect(try letter.rejection(changed) == .markupInIdentifier)
    }

    @Test(arguments: [
        ("<e:From>", "<e:From><?x?>"), ("<e:To>", "<e:To><?x?>"), ("H31.7.1", "H31.7<?x?>.1"),
        ("482</e:D", "4<?x?>82</e:D"),
        ("<e:Code>", "<e:Code><?x?>"), ("482</e:C", "4<?x?>82</e:C"), ("SKHCN", "S<?x?>KHCN"),
        ("2026/11/20", "2026/11/<?x?>20"),
        ("H31.7.1", "H31.7<x/>.1"), ("<e:From>", "<e:From><!-- -->"),
    ])
    func `by its own signer, with markup where routing looks, is refused by the reader`(
        _ old: String, _ new: String
    ) throws {
        let changed = try AttackedLetter.signedWith(old, new)
        #expect(try changed.refusal(changed.signed) == nil)
        #expect(try changed.rejection(changed.signed) == .markupInIdentifier)
    }

    @Test(arguments: [
        "e:From", "e:OrganId", "e:DocumentId", "e:Code", "e:CodeNumber", "e:CodeNotation",
        "e:PromulgationInfo", "e:PromulgationDate", "e:Subject", "AttachmentEncoded", "AttachmentName",
    ])
    func `by its own signer, with an element twice, is refused by the reader`(_ name: String) throws {
        let start = try #require(letter.signed.ranges(of: "<\(name)>").first)
        let end = try #require(
            letter.signed.ranges(of: "</\(name)>").first { $0.lowerBound > start.lowerBound })
        let element = String(letter.signed[start.lowerBound..<end.upperBound])
        let changed = try AttackedLetter.signedWith(element, element + element)
        #expect(try changed.refusal(changed.signed) == nil)
        #expect(try changed.rejection(changed.signed) == .elementRepeated)
    }

    @Test func `by its own signer, with identifiers that only look alike, is read by their bytes`() throws {
        let file = try AttackedLetter { draft in
            draft.letter = draft.letter.replacing("cid:1<", with: "cid:\u{E9}<").replacing(
                "cid:1<", with: "cid:e\u{301}<")
        }
        #expect(try file.refusal(file.signed) == nil)
        #expect(try file.rejection(file.signed) == .attachmentMissing)
        // A mark that combines with the colon does not take the prefix's last letter with it.
        let mark = try AttackedLetter.signedWith("cid:1<", "cid:\u{301}1<")
        #expect(try mark.rejection(mark.signed) == .attachmentMissing)
    }
}

extension String {
    fileprivate var trimmedEnd: String { last == " " ? String(dropLast()) : self }
}
