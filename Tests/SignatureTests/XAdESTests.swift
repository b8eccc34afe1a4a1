import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `A XAdES signature` {
    let authority: Authority

    init() throws {
        authority = try Authority()
    }

    /// Properties of the signer, and a second Reference to them.
    struct Properties {
        var named: Certificate?
        var identifier = "xades-1"
        var target = "#sig-1"
        var reference = "#xades-1"
        var type = "http://uri.etsi.org/01903#SignedProperties"
        var unsigned = ""
        var certificate = "SigningCertificateV2"
        /// After CertDigest.
        var serial = ""
        var digestMethod = SignedLetter.sha256

        func apply(to draft: inout SignedLetter) throws {
            let dsig = "http://www.w3.org/2000/09/xmldsig#"
            let cert = named.map {
                "<xades:\(certificate)><xades:Cert><xades:CertDigest><DigestMethod xmlns=\"\(dsig)\" "
                    + "Algorithm=\"\(digestMethod)\"></DigestMethod><DigestValue xmlns=\"\(dsig)\">"
                    + "\(Base64.encode($0.sha256.bytes))</DigestValue></xades:CertDigest>\(serial)"
                    + "</xades:Cert></xades:\(certificate)>"
            }
            let inside =
                "<xades:SignedSignatureProperties>"
                + "<xades:SigningTime>2026-11-20T09:15:30+07:00</xades:SigningTime>"
                + "\(cert ?? "")</xades:SignedSignatureProperties>"
            let xades = "xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\""
            let alone =
                "<xades:SignedProperties \(xades) Id=\"\(identifier)\">\(inside)</xades:SignedProperties>"
            let digest = Digester.hash(try canonical(alone, .exclusive10), .sha256)
            draft.signatureAttributes = " Id=\"sig-1\""
            draft.moreReferences =
                "<Reference Type=\"\(type)\" URI=\"\(reference)\"><Transforms><Transform "
                + "Algorithm=\"\(SignedLetter.exclusive)\"></Transform></Transforms><DigestMethod "
                + "Algorithm=\"\(SignedLetter.sha256)\"></DigestMethod><DigestValue>\(Base64.encode(digest))"
                + "</DigestValue></Reference>"
            draft.objects =
                "<Object><xades:QualifyingProperties \(xades) Target=\"\(target)\"><xades:SignedProperties "
                + "Id=\"\(identifier)\">\(inside)</xades:SignedProperties>\(unsigned)"
                + "</xades:QualifyingProperties></Object>"
        }
    }

    func report(_ change: (inout Properties) -> Void = { _ in }, _ edit: (String) -> String = { $0 }) throws
        -> SignatureReport
    {
        var properties = Properties(named: authority.signer)
        change(&properties)
        var draft = SignedLetter()
        try properties.apply(to: &draft)
        return authority.verifier().verify(
            try evidence(of: edit(try draft.signed(by: authority))), at: noon)
    }

    @Test func `passes and tells the claimed signing time`() throws {
        for name in ["SigningCertificateV2", "SigningCertificate"] {
            let report = try report { $0.certificate = name }
            #expect(report.indication == .totalPassed, "\(report.reasons)")
            #expect(report.formatName == "XAdES-B")
            #expect(report.signingTime == Instant(rfc3339: "2026-11-20T02:15:30Z"))
        }
    }

    @Test func `is refused where its properties do not belong to it`() throws {
        func code(_ change: (inout Properties) -> Void) throws -> SignatureReasonCode? {
            let report = try report(change)
            #expect(report.indication != .totalPassed)
            return report.reasons.first?.code
        }
        #expect(try code { $0.named = nil } == .signingCertificateMissing)
        #expect(try code { $0.named = self.authority.agencies.certificate } == .signingCertificateMismatch)
        #expect(try code { $0.target = "#other" } == .propertiesMismatch)
        #expect(try code { $0.reference = "#other" } == .propertiesMismatch)
        #expect(try code { $0.type = "http://uri.etsi.org/other" } == .referenceExternal)
        #expect(
            try code {
                $0.identifier = "sig-1"; $0.reference = "#sig-1"
            } == .identifierRepeated)
        #expect(try code { $0.unsigned = "<xades:Other></xades:Other>" } == .objectForbidden)
        let timestamp =
            "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
            + "</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
        #expect(try code { $0.unsigned = timestamp } == .timestampMalformed)
    }

    @Test func `compares the serial number, and the issuer where that can be compared`() throws {
        func passes(_ serial: String) throws -> Bool {
            let report = try report { $0.serial = serial }
            if !report.hasPassed { #expect(report.reasons.first?.code == .signingCertificateMismatch) }
            return report.hasPassed
        }
        func old(_ number: String) -> String {
            let name = "<X509IssuerName xmlns=\"\(Self.dsig)\">CN=x</X509IssuerName>"
            return "<xades:IssuerSerial>\(name)<X509SerialNumber xmlns=\"\(Self.dsig)\">\(number)"
                + "</X509SerialNumber></xades:IssuerSerial>"
        }
        func new(_ issuer: [UInt8], _ serial: [UInt8]) -> String {
            let der = tlv(0x30, tlv(0x30, tlv(0xA4, issuer)) + tlv(0x02, [0] + serial))
            return "<xades:IssuerSerialV2>\(Base64.encode(der))</xades:IssuerSerialV2>"
        }
        let signer = authority.signer
        var number = "0"
        for byte in signer.serial { number = Self.times256(number, plus: Int(byte)) }
        #expect(try passes(old(number)))
        #expect(try !passes(old("\(number)1")))
        #expect(try passes(new(signer.issuerDER, signer.serial)))
        #expect(try !passes(new(signer.subjectDER, signer.serial)))
        #expect(try !passes(new(signer.issuerDER, [7])))
    }

    @Test func `may not name its certificate by SHA-1`() throws {
        let report = try report { $0.digestMethod = "http://www.w3.org/2000/09/xmldsig#sha1" }
        #expect(report.reasons.first?.code == .digestForbidden)
    }

    static let dsig = "http://www.w3.org/2000/09/xmldsig#"

    /// Decimal arithmetic by hand, as no integer is that long.
    static func times256(_ number: String, plus addend: Int) -> String {
        var carry = addend
        var digits: [Int] = []
        for digit in number.reversed() {
            carry += (digit.wholeNumberValue ?? 0) * 256
            digits.append(carry % 10)
            carry /= 10
        }
        while carry > 0 {
            digits.append(carry % 10)
            carry /= 10
        }
        return digits.reversed().map(String.init).joined()
    }

    @Test func `fails once its properties are changed`() throws {
        let report = try report({ _ in }, { $0.replacing("09:15:30", with: "10:15:30") })
        #expect(report.indication == .totalFailed && report.subIndication == .hashFailure)
    }

    @Test func `is not whole without its Reference or without its Object`() throws {
        var draft = SignedLetter()
        try Properties(named: authority.signer).apply(to: &draft)
        var without = draft
        without.moreReferences = ""
        let first = authority.verifier().verify(try evidence(of: try without.signed(by: authority)), at: noon)
        #expect(first.reasons.map(\.code) == [.propertiesMismatch])
        without = draft
        without.objects = ""
        let second = authority.verifier().verify(
            try evidence(of: try without.signed(by: authority)), at: noon)
        #expect(second.reasons.map(\.code) == [.propertiesMismatch])
    }
}
