import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `An XML signature` {
    let authority: Authority

    init() throws {
        authority = try Authority()
    }

    func verdict(_ letter: String) throws -> SignatureReport {
        authority.verifier().verify(try evidence(of: letter), at: noon)
    }

    @Test func `that is whole passes and says who signed what`() throws {
        let letter = try SignedLetter().signed(by: authority)
        for pieces in [1, 7, 64, 100_000] {
            let report = authority.verifier().verify(
                try evidence(of: Array(letter.utf8), pieces: pieces), at: noon)
            #expect(report.indication == .totalPassed)
            #expect(report.format == .xmlDSig)
            #expect(report.signer?.sha256 == authority.signer.sha256)
            #expect(report.signer?.subject == "CN=Sở Nội vụ,C=VN")
            #expect(report.algorithm == "ECDSA with SHA-256")
            #expect(report.coverage == "whole document without its signature")
            #expect(report.chain.count == 3)
            #expect(report.revocation?.status == .unknown)
            #expect(report.reasons.map(\.code) == [.revocationNotPublished, .revocationNotPublished])
        }
    }

    static let algorithms: [(PrivateKey.Specification, String, SignatureAlgorithm)] = [
        (.rsa(bits: 2048), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", .rsaPKCS1(.sha256)),
        (.rsa(bits: 2048), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", .rsaPKCS1(.sha384)),
        (.rsa(bits: 2048), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", .rsaPKCS1(.sha512)),
        (.rsa(bits: 2048), "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", .rsaPSS(.sha256)),
        (.rsa(bits: 2048), "http://www.w3.org/2007/05/xmldsig-more#rsa-pss", .rsaPSS(.sha256)),
        (.ec(.p384), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", .ecdsa(.sha384, .fixedLength)),
        (.ec(.p521), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", .ecdsa(.sha512, .fixedLength)),
    ]

    @Test(arguments: algorithms)
    func `passes with every algorithm of the profile`(
        specification: PrivateKey.Specification, identifier: String, algorithm: SignatureAlgorithm
    ) throws {
        let authority = try Authority(specification)
        var draft = SignedLetter()
        draft.method = identifier
        draft.algorithm = algorithm
        let letter = try draft.signed(by: authority)
        #expect(authority.verifier().verify(try evidence(of: letter), at: noon).indication == .totalPassed)
        // And the policy can refuse it.
        var policy = AlgorithmPolicy()
        policy.allowsECDSA = false
        policy.allowsRSAPSS = false
        policy.allowsRSAPKCS1 = false
        let refused = authority.verifier(algorithms: policy).verify(try evidence(of: letter), at: noon)
        #expect(refused.indication == .indeterminate)
        #expect(refused.reasons.first?.code == .algorithmForbidden)
        #expect(refused.subIndication == .cryptoConstraintsFailure)
    }

    @Test func `of RSA-PSS takes its parameters from the signature method`() throws {
        let authority = try Authority(.rsa(bits: 2048))
        let digest =
            "<DigestMethod xmlns=\"http://www.w3.org/2000/09/xmldsig#\" "
            + "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512\"></DigestMethod>"
        let more = "http://www.w3.org/2007/05/xmldsig-more#"
        var draft = SignedLetter()
        draft.method = "\(more)rsa-pss"
        draft.algorithm = .rsaPSS(.sha512, saltByteCount: 20)
        draft.methodContent =
            "<RSAPSSParams xmlns=\"\(more)\">\(digest)"
            + "<MaskGenerationFunction Algorithm=\"\(more)MGF1\">\(digest)"
            + "</MaskGenerationFunction>"
            + "<SaltLength>20</SaltLength><TrailerField>1</TrailerField></RSAPSSParams>"
        let letter = try draft.signed(by: authority)
        #expect(authority.verifier().verify(try evidence(of: letter), at: noon).indication == .totalPassed)
        // Another salt length than the one stated.
        draft.algorithm = .rsaPSS(.sha512, saltByteCount: 32)
        let wrong = try draft.signed(by: authority)
        let report = authority.verifier().verify(try evidence(of: wrong), at: noon)
        #expect(report.reasons.first?.code == .signatureMismatch)
        // Another mask digest than the message's.
        draft.methodContent = draft.methodContent.replacing(
            "MGF1\">\(digest)", with: "MGF1\">\(digest.replacing("xmlenc#sha512", with: "xmlenc#sha256"))")
        #expect(
            authority.verifier().verify(try evidence(of: try draft.signed(by: authority)), at: noon)
                .reasons.first?.code == .algorithmParameters)
    }

    @Test func `fails once any byte of the letter says something else`() throws {
        let letter = Array(try SignedLetter().signed(by: authority).utf8)
        let verifier = authority.verifier()
        // Outside of the signature: the digest. White space in a tag or the declaration says nothing.
        for text in ["phối", "JVBER", "a=\"1\"", "<Attachment ", "&#13;", "\n </edXML:edXMLHeader>"] {
            let target = Array(text.utf8)
            let place = try #require(letter.indices.first { letter[$0...].starts(with: target) })
            var changed = letter
            changed[place..<place + target.count] = Array((text == "&#13;" ? "\n" : "<x/>" + text).utf8)[...]
            guard let evidence = try? evidence(of: changed) else { continue }
            let report = verifier.verify(evidence, at: noon)
            #expect(report.indication == .totalFailed, "\(text)")
            #expect(report.subIndication == .hashFailure, "\(text)")
            #expect(report.reasons.contains(SignatureReason(.digestMismatch)))
        }
    }

    @Test func `fails or is the same whatever single bit is turned`() throws {
        // The signer's certificate only: an intermediate that came along may be bent without harm.
        let draft = SignedLetter()
        let element = try draft.signature(by: authority.key, [authority.signer])
        let letter = Array(draft.letter.replacingSlot(with: element).utf8)
        let verifier = authority.verifier()
        var passed = 0
        for index in stride(from: 0, to: letter.count, by: 3) {
            var changed = letter
            changed[index] ^= 1 << UInt8(index % 7)
            guard let evidence = try? evidence(of: changed) else { continue }
            let report = verifier.verify(evidence, at: noon)
            // What may change: white space outside of the document element, prefixes of the two declarations
            // that nothing uses, base 64's white space. None of it changes what the letter says.
            guard report.indication == .totalPassed else { continue }
            passed += 1
            #expect(
                try canonicalWithoutSignature(changed) == canonicalWithoutSignature(letter), "byte \(index)")
        }
        #expect(passed < letter.count / 100)
    }

    private func canonicalWithoutSignature(_ bytes: [UInt8]) throws -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        let start = text.ranges(of: "<Signature ").first?.lowerBound
        let end = text.ranges(of: "</Signature>").first?.upperBound
        guard let start, let end else { return [] }
        return try canonical(String(text[..<start] + text[end...]), .exclusive10)
    }

    @Test func `by another key fails`() throws {
        let draft = SignedLetter()
        let other = try PrivateKey.generate(.ec(.p256))
        let forged = draft.letter.replacingSlot(with: try draft.signature(by: other, [authority.signer]))
        let report = try verdict(forged)
        #expect(report.indication == .totalFailed)
        #expect(report.subIndication == .signatureCryptoFailure)
        #expect(report.reasons.first?.code == .signatureMismatch)
    }

    @Test func `by somebody unknown is indeterminate`() throws {
        let stranger = try Authority()
        let report = try verdict(try SignedLetter().signed(by: stranger))
        #expect(report.indication == .indeterminate)
        #expect(report.signer?.sha256 == stranger.signer.sha256)
        #expect([.chainNotFound, .chainSignature].contains(report.reasons.first?.code))
    }

    @Test func `is judged by revocation and validity at the time in question`() throws {
        let letter = try SignedLetter().signed(by: authority)
        let revoked = try authority.agencies.revocationList(
            revoking: [RevokedSerial(serial: authority.signer.serial, date: noon, reason: .keyCompromise)],
            thisUpdate: noon.adding(seconds: 60), nextUpdate: noon.adding(seconds: oneDay))
        let verifier = authority.verifier([revoked])
        let signature = try evidence(of: letter)
        let after = verifier.verify(signature, at: noon)
        #expect(after.indication == .totalFailed && after.subIndication == .revoked)
        #expect(after.revocation?.status == .revoked && after.revocation?.revokedAt == noon)
        let before = verifier.verify(signature, at: noon.adding(seconds: -1))
        #expect(before.indication == .totalPassed && before.revocation?.status == .good)
        // A revocation does not lapse with the list that told of it; a list's silence does.
        let muchLater = noon.adding(seconds: 3 * oneDay)
        #expect(verifier.verify(signature, at: muchLater).subIndication == .revoked)
        let silent = try authority.agencies.revocationList(
            thisUpdate: noon, nextUpdate: noon.adding(seconds: oneDay))
        let stale = authority.verifier([silent]).verify(signature, at: muchLater)
        #expect(stale.indication == .indeterminate && stale.subIndication == .tryLater)
        let expired = verifier.verify(signature, at: noon.adding(seconds: 400 * oneDay))
        #expect(expired.indication == .totalFailed && expired.subIndication == .expired)
        let early = verifier.verify(signature, at: noon.adding(seconds: -5 * oneDay))
        #expect(early.indication == .totalFailed && early.subIndication == .notYetValid)
    }

    @Test func `is absent from a letter that only looks signed`() throws {
        let plain = try evidence(of: SignedLetter.body)
        #expect(!plain.isPresent)
        #expect(authority.verifier().verify(plain, at: noon).reasons.map(\.code) == [.notSigned])
        let signed = try SignedLetter().signed(by: authority)
        let foreign = signed.replacing(
            "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">", with: "<Signature>")
        let evidence = try evidence(of: foreign)
        #expect(!evidence.isPresent)
        let report = authority.verifier().verify(evidence, at: noon)
        #expect(report.isUnsigned && report.reasons.map(\.code) == [.foreignSignature])
        #expect(Verdict(signatures: [report]).indication == .indeterminate)
    }
}
