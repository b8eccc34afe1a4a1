import Exchange
import Foundation
import OpenSSL
import Signature
import Testing
import XML

@Suite struct `A XAdES signature that carries its evidence` {
    static let slot = "<!--unsigned-->"
    static let xades = "http://uri.etsi.org/01903/v1.3.2#"
    static let xades141 = "http://uri.etsi.org/01903/v1.4.1#"
    static let dsig = "http://www.w3.org/2000/09/xmldsig#"
    static let method =
        "<CanonicalizationMethod xmlns=\"\(dsig)\" Algorithm=\"\(SignedLetter.exclusive)\">"
        + "</CanonicalizationMethod>"

    let authority: Authority
    let tsa: TimestampAuthority
    let later = noon.adding(seconds: 800 * oneDay)
    /// Signed, with a place for unsigned properties.
    let letter: String

    init() throws {
        var signer = made("Sở Nội vụ").asDocumentSigner()
        signer.crlURLs = ["http://crl.example/agencies.crl"]
        authority = try Authority(signer: signer)
        tsa = try TimestampAuthority(below: authority.root) { $0.crlURLs = ["http://crl.example/tsa.crl"] }
        var properties = `A XAdES signature`.Properties(named: authority.signer)
        properties.unsigned = Self.slot
        var draft = SignedLetter()
        try properties.apply(to: &draft)
        letter = try draft.signed(by: authority)
    }

    func lists() throws -> [CertificateList] {
        try [authority.agencies, tsa.issuer].map {
            try $0.revocationList(thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        }
    }

    func with(_ properties: String) -> String {
        letter.replacingOccurrences(
            of: Self.slot,
            with: "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>\(properties)"
                + "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>")
    }

    func report(_ properties: String, at time: Instant? = nil, lists: [CertificateList] = []) throws
        -> SignatureReport
    {
        let trust = TrustStore(
            certificates: [authority.root.certificate], revocation: RevocationData(lists: lists))
        return SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy()).verify(
            try evidence(of: with(properties)), at: time ?? later)
    }

    /// An element of the letter's Signature, from its start tag to its end tag.
    func part(_ name: String) throws -> String {
        let start = try #require(letter.range(of: "<\(name)>"))
        let end = try #require(letter.range(of: "</\(name)>"))
        return String(letter[start.lowerBound..<end.upperBound])
    }

    /// Its exclusive canonical form, by hand.
    func canonicalPart(_ name: String) throws -> [UInt8] {
        let text = try part(name).replacingOccurrences(
            of: "<\(name)>", with: "<\(name) xmlns=\"\(Self.dsig)\">")
        return Array(text.utf8)
    }

    func timestamp(_ token: [UInt8], _ before: String = method, in name: String = "xades:SignatureTimeStamp")
        -> String
    {
        "<\(name)>\(before)<xades:EncapsulatedTimeStamp>\(Base64.encode(token))"
            + "</xades:EncapsulatedTimeStamp></\(name)>"
    }

    func stamp(_ change: (inout TokenDraft) -> Void = { _ in }) throws -> String {
        timestamp(try tsa.token(over: try canonicalPart("SignatureValue"), at: noon, change))
    }

    var values: String {
        get throws {
            let lists = try lists().map {
                "<xades:EncapsulatedCRLValue>\(Base64.encode($0.der))</xades:EncapsulatedCRLValue>"
            }
            return "<xades:CertificateValues><xades:EncapsulatedX509Certificate>"
                + Base64.encode(authority.agencies.certificate.der)
                + "</xades:EncapsulatedX509Certificate></xades:CertificateValues><xades:RevocationValues>"
                + "<xades:CRLValues>\(lists.joined())</xades:CRLValues></xades:RevocationValues>"
        }
    }

    @Test func `passes by its timestamp and its CRLs, as LT`() throws {
        let report = try report(try stamp() + values)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "XAdES-LT" && report.bestSigningTime == noon)
        let bare = try self.report(try stamp(), at: later)
        #expect(bare.indication == .indeterminate && bare.level == .b)
        #expect(bare.reasons.map(\.code).contains(.certificateExpiredNoProof))
        let configured = try self.report(try stamp(), at: later, lists: try lists())
        #expect(configured.indication == .totalPassed && configured.formatName == "XAdES-T")
    }

    @Test func `is stamped over SignatureValue in the form that the timestamp names`() throws {
        let value = try part("SignatureValue").replacingOccurrences(
            of: "<SignatureValue>",
            with: "<SignatureValue xmlns=\"\(Self.dsig)\" "
                + "xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">")
        let inclusive = try tsa.token(over: Array(value.utf8), at: noon)
        #expect(try report(timestamp(inclusive, "") + values).indication == .totalPassed)
        let wrong = try report(timestamp(inclusive) + values)
        #expect(wrong.reasons.first?.code == .timestampImprint && wrong.indication == .totalFailed)
        #expect(
            try report(try stamp { $0.imprint[0] ^= 1 } + values).reasons.first?.code == .timestampImprint)
    }

    @Test func `is refused for other unsigned properties`() throws {
        func codes(_ properties: String) throws -> [SignatureReasonCode] {
            let report = try report(properties)
            #expect(report.indication == .totalFailed)
            return report.reasons.map(\.code)
        }
        let odd = "<xades:RevocationValues><edXML:Subject></edXML:Subject></xades:RevocationValues>"
        #expect(try codes(odd) == [.unsignedPropertyForbidden])
        for name in ["CounterSignature", "CompleteCertificateRefs", "SigAndRefsTimeStamp", "Evil"] {
            #expect(try codes("<xades:\(name)></xades:\(name)>") == [.unsignedPropertyForbidden])
        }
        #expect(
            try codes("<ArchiveTimeStamp xmlns=\"\(Self.xades)\"></ArchiveTimeStamp>")
                == [.unsignedPropertyForbidden])
        #expect(try codes("<xades:SignatureTimeStamp></xades:SignatureTimeStamp>") == [.timestampMalformed])
        let include = "<xades:Include URI=\"#sig-1\"></xades:Include>"
        #expect(try codes(timestamp([5, 0], include)) == [.timestampMalformed])
        let xpath =
            "<CanonicalizationMethod xmlns=\"\(Self.dsig)\" Algorithm=\"urn:x\"></CanonicalizationMethod>"
        #expect(try codes(timestamp([5, 0], xpath)) == [.canonicalizationForbidden])
        #expect(
            try codes(
                "<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>!</xades:EncapsulatedTimeStamp>"
                    + "</xades:SignatureTimeStamp>") == [.signatureEncoding])
        let many = try String(repeating: stamp(), count: 9)
        #expect(try codes(many) == [.tooManyTimestamps])
        #expect(try report(timestamp([5, 0])).reasons.first?.code == .timestampMalformed)
    }

    /// EN 319 132-1 section 5.5.2, from strings and libxml-free: document, SignedProperties, SignedInfo,
    /// SignatureValue, KeyInfo, the properties before.
    func archived(_ before: [String]) throws -> String {
        let signed = try #require(letter.range(of: "<xades:SignedProperties Id"))
        let end = try #require(letter.range(of: "</xades:SignedProperties>"))
        func alone(_ text: String) throws -> [UInt8] {
            let name = try #require(text.firstIndex { $0 == ">" || $0 == " " })
            return try canonical(
                "\(text[..<name]) xmlns:xades=\"\(Self.xades)\"\(text[name...])", .exclusive10)
        }
        var stamped = try canonical(SignedLetter.body.replacingSlot(with: ""), .exclusive10)
        stamped += try alone(String(letter[signed.lowerBound..<end.upperBound]))
        for name in ["SignedInfo", "SignatureValue", "KeyInfo"] { stamped += try canonicalPart(name) }
        for property in before { stamped += try alone(property) }
        let token = try tsa.token(over: stamped, at: noon.adding(seconds: 60))
        return "<a:ArchiveTimeStamp xmlns:a=\"\(Self.xades141)\">\(Self.method)"
            + "<xades:EncapsulatedTimeStamp>\(Base64.encode(token))</xades:EncapsulatedTimeStamp>"
            + "</a:ArchiveTimeStamp>"
    }

    @Test func `with an archive timestamp over all of it passes as LTA`() throws {
        let stamp = try stamp()
        let cut = try #require(try values.range(of: "<xades:RevocationValues>"))
        let parts = [stamp, String(try values[..<cut.lowerBound]), String(try values[cut.lowerBound...])]
        let archive = try archived(parts)
        let report = try report(parts.joined() + archive)
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "XAdES-LTA" && report.timestamps.map(\.kind) == [.archive, .signature])
        #expect(try self.report(parts.joined() + archive + parts[1]).formatName == "XAdES-LT")
        let fewer = try self.report(parts[0] + parts[2] + archive)
        #expect(fewer.reasons.first?.code == .timestampImprint && fewer.indication == .totalFailed)
        let changed = try evidence(of: with(parts.joined() + archive).replacing("rà soát", with: "xem xét"))
        let codes = authority.verifier().verify(changed, at: later).reasons.map(\.code)
        #expect(codes.contains(.timestampImprint) && codes.contains(.digestMismatch))
    }
}
