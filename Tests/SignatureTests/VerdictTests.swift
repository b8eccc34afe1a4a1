import Exchange
import JSON
import OpenSSL
import Signature
import Testing
import XML

@Suite struct `A verdict` {
    @Test func `is the worst of its signatures`() throws {
        let authority = try Authority()
        let passed = authority.verifier().verify(
            try evidence(of: try SignedLetter().signed(by: authority)), at: noon)
        let doubt = try Authority().verifier().verify(
            try evidence(of: try SignedLetter().signed(by: authority)), at: noon)
        let unsigned = authority.verifier().verify(try evidence(of: SignedLetter.body), at: noon)
        #expect(Verdict(signatures: [passed]).hasPassed)
        #expect(Verdict(signatures: [passed, doubt]).indication == doubt.indication)
        #expect(Verdict(signatures: [passed, unsigned]).hasPassed)
        #expect(Verdict(signatures: [unsigned]).indication == .indeterminate)
        #expect(Verdict(signatures: [unsigned]).reasons.map(\.code) == [.notSigned])
        #expect(Verdict(signatures: []).indication == .indeterminate)
        #expect(Verdict.notVerified.indication == .indeterminate && Verdict.notVerified.signatures.isEmpty)
        #expect(Verdict.malformed("x").indication == .totalFailed)
    }

    @Test func `is written as one JSON object`() throws {
        let authority = try Authority()
        let report = authority.verifier().verify(
            try evidence(of: try SignedLetter().signed(by: authority).replacing("rà soát", with: "xem xét")),
            at: noon)
        let json = try JSONReader.read(Verdict(signatures: [report]).json())
        #expect(json["indication"]?.string == "TOTAL-FAILED")
        let signature = try #require(json["signatures"]?.array?.first)
        #expect(signature["format"]?.string == "XML-DSig")
        #expect(signature["subIndication"]?.string == "HASH_FAILURE")
        #expect(signature["signer"]?["sha256"]?.string == authority.signer.sha256.hex)
        #expect(signature["revocation"]?["status"]?.string == "unknown")
        #expect(signature["bestSigningTime"]?.string == noon.rfc3339)
        #expect(signature["timestamp"] == nil && signature["timestamps"]?.array?.isEmpty == true)
        #expect(signature["role"]?.string == "unknown")
        #expect(signature["chain"]?.array?.map { $0["sha256"]?.string } == authority.chain.map(\.sha256.hex))
        #expect(signature["evidence"]?.array?.first?["kind"]?.string == "certificate")
        #expect(signature["reasons"]?.array?.first?["code"]?.string == "digest_mismatch")
        #expect(signature["reasons"]?.array?.first?["message"]?.string?.isEmpty == false)
    }

    @Test(arguments: SignatureReasonCode.allCases)
    func `has words in both languages for every reason`(code: SignatureReasonCode) {
        let reason = SignatureReason(code)
        #expect(!reason.message.isEmpty && !reason.detail.isEmpty && reason.message != reason.detail)
    }

    @Test func `follows a policy that names known rules only`() throws {
        let policy = try AlgorithmPolicy(
            json5: Array("{rsaPKCS1: false, rsaBitsMin: 3072, digests: ['SHA-512'], curves: ['P-384'],}".utf8)
        )
        #expect(!policy.allowsRSAPKCS1 && policy.allowsRSAPSS && policy.rsaBitsMin == 3072)
        #expect(policy.digests == [.sha512] && policy.curves == [.p384])
        for text in [
            "{rsa: true}", "{rsaBitsMin: 1024}", "{digests: ['SHA-1']}", "{digests: []}", "[]", "{ecdsa: 1}",
        ] {
            #expect(throws: PolicyFileError.self) { try AlgorithmPolicy(json5: Array(text.utf8)) }
        }
        let authority = try Authority()
        let report = authority.verifier(algorithms: policy).verify(
            try evidence(of: try SignedLetter().signed(by: authority)), at: noon)
        #expect(report.reasons.map(\.code).contains(.digestForbidden))
        #expect(report.reasons.map(\.code).contains(.keyForbidden))
        #expect(report.subIndication == .cryptoConstraintsFailure)
    }

    @Test func `holds nothing that grows with the letter`() throws {
        // What stands before the signature is bounded; a letter without one is not recorded past its header.
        let recorded = String(repeating: "<x>text</x>", count: 900_000)
        let authority = try Authority()
        var draft = SignedLetter()
        let signature = try draft.signature(by: authority.key, [authority.signer])
        draft.letter = draft.letter.replacingSlot(with: "<wrapper/>" + SignedLetter.slot)
        let late = draft.letter.replacing("<wrapper/>", with: recorded).replacingSlot(with: signature)
        var limits = XMLLimits()
        limits.elementsMax = 2_000_000
        let reader = XMLSignatureReader()
        let parser = XMLEventReader(limits: limits, handler: reader)
        try parser.feed(Array(late.utf8))
        try parser.finish()
        let report = authority.verifier().verify(reader.evidence(), at: noon)
        #expect(report.reasons.map(\.code) == [.signatureTooLate])
    }
}

@Suite struct `Trust files` {
    @Test func `are files or directories, PEM or DER`() throws {
        let authority = try Authority()
        let workshop = try Workshop()
        let list = try authority.agencies.revocationList(
            thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        try workshop.write("root.pem", authority.root.certificate.pem)
        try workshop.write("agencies.der", authority.agencies.certificate.der)
        try workshop.write("list.crl", list.der)
        try workshop.write("readme.txt", Array("nothing".utf8))
        let whole = try TrustStore(anchors: [workshop.path], crls: [workshop.path])
        #expect(whole.anchors.map(\.sha256) == [authority.root.certificate.sha256])
        #expect(whole.intermediates.map(\.sha256) == [authority.agencies.certificate.sha256])
        #expect(whole.revocation.lists.map(\.sha256) == [list.sha256])
        let parts = try TrustStore(
            anchors: ["\(workshop.path)/root.pem"], intermediates: ["\(workshop.path)/agencies.der"],
            crls: ["\(workshop.path)/list.crl"])
        #expect(parts.version == whole.version)
        for path in ["readme.txt", "missing.pem", "list.crl"] {
            #expect(throws: TrustFileError.self) { try TrustStore(anchors: ["\(workshop.path)/\(path)"]) }
        }
    }
}
