import EdXML
import Exchange
import OpenSSL
import Signature
import XML

/// A whole letter, signed, and what an attacker has in hand: its text, its signature, another letter.
struct AttackedLetter {
    static let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
    static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    /// Without the declaration, as it could stand inside something else.
    static let document = """
        <edXML xmlns="\(namespace)"><e:edXMLEnvelope xmlns:e="\(namespace)"><e:edXMLHeader><e:MessageHeader>\
        <e:From><e:OrganId>H37.12</e:OrganId><e:OrganName>Sở gửi</e:OrganName></e:From>\
        <e:To><e:OrganId>H31.7.1</e:OrganId><e:OrganName>Sở nhận</e:OrganName></e:To>\
        <e:DocumentId>H37.12,482</e:DocumentId>\
        <e:Code><e:CodeNumber>482</e:CodeNumber><e:CodeNotation>SKHCN</e:CodeNotation></e:Code>\
        <e:PromulgationInfo><e:Place>Nơi gửi</e:Place><e:PromulgationDate>2026/11/20</e:PromulgationDate>\
        </e:PromulgationInfo>
        <e:DocumentType><e:Type>2</e:Type><e:TypeName>Công văn</e:TypeName></e:DocumentType>\
        <e:Subject>V/v rà soát</e:Subject></e:MessageHeader>\(SignedLetter.slot)</e:edXMLHeader>\
        <e:edXMLBody><e:edXMLManifest><e:Reference><e:ContentId>cid:1</e:ContentId>\
        <e:ContentType>application/pdf</e:ContentType><e:AttachmentName>a.pdf</e:AttachmentName>\
        </e:Reference></e:edXMLManifest></e:edXMLBody></e:edXMLEnvelope>\
        <AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>a.pdf</AttachmentName>\
        <ContentType>application/pdf</ContentType>\
        <e:ContentTransferEncoded xmlns:e="\(namespace)">JVBERi0=</e:ContentTransferEncoded></Attachment>\
        </AttachmentEncoded></edXML>
        """

    let authority: Authority
    /// Of `document` as it stands there.
    let signature: String
    /// Passes.
    let signed: String
    /// Signed by nobody.
    let evil: String

    init(_ change: (inout SignedLetter) -> Void = { _ in }) throws {
        authority = try Authority()
        var draft = SignedLetter()
        draft.letter = Self.declaration + Self.document
        change(&draft)
        signature = try draft.signature(
            by: authority.key, [authority.signer, authority.agencies.certificate])
        signed = draft.letter.replacingSlot(with: signature)
        evil = draft.letter.replacing("H31.7.1", with: "H31.9")
    }

    /// The letter signed as it is, by its own signer: what is wrong with it is under his signature.
    static func signedWith(_ old: String, _ new: String) throws -> AttackedLetter {
        try AttackedLetter { $0.letter = $0.letter.replacing(old, with: new) }
    }

    /// Read as the hub reads it: one parse, both readers.
    func outcome(of letter: String) throws -> (report: SignatureReport, read: Result<Letter, Rejection>) {
        let reader = EdXMLReader(limits: EdXMLLimits())
        let signature = XMLSignatureReader()
        let parser = XMLEventReader(handler: XMLEventTee(reader, signature))
        try parser.feed(Array(letter.utf8))
        try parser.finish()
        let report = authority.verifier().verify(signature.evidence(), at: noon)
        do {
            guard case .letter(let letter) = try reader.message() else {
                return (report, .failure(Rejection(.notEdXML, "a status message")))
            }
            return (report, .success(letter))
        } catch {
            return (report, .failure(error))
        }
    }

    /// Why the signature is refused; nil where it passes.
    func refusal(_ letter: String) throws -> SignatureReasonCode? {
        let report = try outcome(of: letter).report
        return report.indication == .totalPassed ? nil : report.reasons.first?.code
    }

    /// What keeps the reader from taking it for a letter; nil where it takes it.
    func rejection(_ letter: String) throws -> RejectionCode? {
        if case .failure(let rejection) = try outcome(of: letter).read { rejection.code } else { nil }
    }

    /// All that the reader finds wrong.
    func findings(_ letter: String) throws -> [RejectionCode] {
        if case .failure(let rejection) = try outcome(of: letter).read {
            rejection.findings.map(\.code)
        } else {
            []
        }
    }

    /// Nil where it passes and says what the letter says that was signed.
    func difference(_ letter: String) throws -> String? {
        let (report, read) = try outcome(of: letter)
        guard report.indication == .totalPassed else { return "\(report.reasons)" }
        let (said, meant) = (try read.get(), try outcome(of: signed).read.get())
        return said == meant ? nil : "\(said) and not \(meant)"
    }
}
