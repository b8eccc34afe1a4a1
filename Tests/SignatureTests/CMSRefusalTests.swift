import Exchange
import OpenSSL
import Signature
import Testing

@Suite struct `A detached CMS signature` {
    let authority: Authority

    init() throws {
        authority = try Authority()
    }

    func report(_ bytes: [UInt8], registered: [Certificate] = []) -> SignatureReport {
        let content = Array("Nội dung".utf8)
        return authority.verifier().verify(
            cms: bytes, contentDigest: { Digester.hash(content, $0) }, registered: registered, at: noon)
    }

    func code(_ bytes: [UInt8]) -> SignatureReasonCode? {
        let report = report(bytes)
        #expect(report.indication != .totalPassed)
        return report.reasons.first?.code
    }

    func code(_ change: (inout CMSDraft) -> Void) throws -> SignatureReasonCode? {
        var draft = CMSDraft(authority)
        change(&draft)
        return code(try draft.bytes())
    }

    @Test func `that is built as the profile says passes`() throws {
        let report = report(try CMSDraft(authority).bytes())
        #expect(report.indication == .totalPassed, "\(report.reasons)")
        #expect(report.formatName == "CAdES-B")
        #expect(report.coverage == "detached content")
        #expect(report.signer?.sha256 == authority.signer.sha256)
    }

    @Test func `of our own signer passes`() throws {
        for specification: PrivateKey.Specification in [.ec(.p256), .ec(.p521), .rsa(bits: 2048)] {
            let authority = try Authority(specification)
            let identity = try SigningIdentity(
                certificate: authority.signer, key: authority.key, chain: [authority.agencies.certificate])
            let signer = CMSSigner(identity)
            let content = Array("Nội dung".utf8)
            let cms = try signer.sign(contentDigest: Digester.hash(content, signer.digest), at: noon)
            let report = authority.verifier().verify(
                cms: cms, contentDigest: { Digester.hash(content, $0) }, at: noon)
            #expect(report.indication == .totalPassed, "\(report.reasons)")
            #expect(report.signingTime == noon)
        }
    }

    @Test func `is refused unless it is DER, whole and alone`() throws {
        let good = try CMSDraft(authority).bytes()
        #expect(code([]) == .cmsMalformed)
        #expect(code(good + [0]) == .cmsTrailingData)
        #expect(code(good + good) == .cmsTrailingData)
        #expect(code(Array(good.dropLast())) == .cmsMalformed)
        // Indefinite length, and a length with a byte too many.
        let body = good.dropFirst(4)
        #expect(code([0x30, 0x80] + body + [0, 0]) == .cmsNotDER)
        #expect(code([0x30, 0x83, 0x00] + good[2..<4] + body) == .cmsNotDER)
        #expect(code([UInt8](repeating: 0x30, count: (4 << 20) + 1)) == .cmsTooLarge)
        // Nested deeper than anybody reads.
        var deep: [UInt8] = []
        for _ in 0..<200 { deep = tlv(0x30, deep) }
        #expect(code(deep) == .cmsMalformed)
    }

    @Test func `is refused for its signers and its content`() throws {
        #expect(try code { $0.signerCount = 0 } == .cmsNoSigner)
        #expect(try code { $0.signerCount = 2 } == .cmsManySigners)
        #expect(try code { $0.innerContent = Array("Nội dung".utf8) } == .cmsContentEmbedded)
        #expect(try code { $0.innerType = tlv(0x06, CMSDraft.pkcs + [0x07, 0x02]) } == .cmsContentType)
        #expect(try code { $0.certificates = [] } == .certificateMissing)
        #expect(
            try code { $0.signerName = tlv(0x30, self.authority.signer.issuerDER + [0x02, 1, 7]) }
                == .certificateMissing)
        #expect(
            try code { $0.signerName = tlv(0x30, self.authority.root.certificate.subjectDER + [0x02, 1, 7]) }
                == .certificateMissing)
        #expect(
            try code { $0.certificates = Array(repeating: self.authority.signer, count: 17) }
                == .tooManyCertificates)
        var draft = CMSDraft(authority)
        draft.certificates = []
        #expect(report(try draft.bytes(), registered: [authority.signer]).indication == .totalPassed)
    }

    @Test func `is refused for its signed attributes`() throws {
        #expect(try code { $0.hasAttributes = false } == .cmsAttributesMissing)
        #expect(try code { $0.attributes = [] } == .cmsAttributesMissing)
        #expect(try code { $0.attributes.removeFirst() } == .cmsContentType)
        #expect(try code { $0.attributes.remove(at: 1) } == .cmsDigestMissing)
        #expect(try code { $0.attributes.remove(at: 2) } == .signingCertificateMissing)
        #expect(
            try code { $0.attributes[0].values = [tlv(0x06, CMSDraft.pkcs + [0x07, 0x02])] }
                == .cmsContentType)
        #expect(
            try code { $0.attributes[1].values = [tlv(0x04, [UInt8](repeating: 1, count: 32))] }
                == .digestMismatch)
        #expect(try code { $0.attributes[1].values += $0.attributes[1].values } == .cmsAttributeValues)
        #expect(try code { $0.attributes[1].values = [] } == .cmsAttributeValues)
        #expect(try code { $0.attributes.append($0.attributes[1]) } == .cmsAttributeRepeated)
        #expect(
            try code {
                $0.isSorted = false
                $0.attributes.reverse()
            } == .cmsAttributesUnsorted)
        #expect(
            try code { $0.attributes[2].values = [CMSDraft.names(self.authority.agencies.certificate)] }
                == .signingCertificateMismatch)
        #expect(
            try code { $0.attributes.append((CMSDraft.signingTime, [tlv(0x17, Array("261120".utf8))])) }
                == .cmsAttributeValues)
    }

    @Test func `is refused when its attributes are passed off as its content`() throws {
        // Attribute stripping: the signature over SET OF attributes is also one over those bytes as a
        // content.
        let draft = CMSDraft(authority)
        let stolen = tlv(0x31, draft.encodedAttributes.reduce([], +))
        var forged = CMSDraft(authority)
        forged.hasAttributes = false
        forged.content = stolen
        let report = authority.verifier().verify(
            cms: try forged.bytes(), contentDigest: { Digester.hash(stolen, $0) }, at: noon)
        #expect(report.reasons.map(\.code) == [.cmsAttributesMissing])
    }

    @Test func `is refused for its unsigned attributes`() throws {
        let strange = tlv(0x30, oid(0x2A, 0x03) + tlv(0x31, [0x05, 0x00]))
        #expect(try code { $0.unsigned = [strange] } == .cmsUnsignedAttribute)
        let timestamp = tlv(0x30, CMSDraft.timestamp + tlv(0x31, tlv(0x30, [])))
        #expect(try code { $0.unsigned = [timestamp] } == .timestampMalformed)
        #expect(try code { $0.unsigned = [timestamp, timestamp] } == .cmsAttributeRepeated)
    }

    @Test func `is refused for its algorithms`() throws {
        #expect(try code { $0.digestIdentifier = CMSDraft.sha1 } == .digestForbidden)
        let ecdsa384 = tlv(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03))
        #expect(try code { $0.signatureIdentifier = ecdsa384 } == .cmsAlgorithmsDiffer)
        let ecdsaSHA1 = tlv(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01))
        #expect(try code { $0.signatureIdentifier = ecdsaSHA1 } == .algorithmForbidden)
        let withNull = tlv(0x30, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02) + [5, 0])
        #expect(try code { $0.signatureIdentifier = withNull } == .algorithmParameters)
        let rsa = tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x0B]) + [5, 0])
        #expect(try code { $0.signatureIdentifier = rsa } == .keyMismatch)
        let rsaSHA1 = tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x05]) + [5, 0])
        #expect(try code { $0.signatureIdentifier = rsaSHA1 } == .algorithmForbidden)
        // Defaults of RSASSA-PSS are SHA-1.
        let pss = tlv(0x30, tlv(0x06, CMSDraft.pkcs + [0x01, 0x0A]) + tlv(0x30, []))
        #expect(try code { $0.signatureIdentifier = pss } == .algorithmParameters)
        #expect(
            try code {
                $0.attributes.append(
                    (
                        tlv(0x06, CMSDraft.pkcs + [0x09, 0x34]),
                        [
                            tlv(
                                0x30,
                                CMSDraft.sha256
                                    + tlv(0xA1, oid(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03)))
                        ]
                    ))
            } == .cmsAlgorithmsDiffer)
    }

    @Test func `is refused for what no ECDSA signature may be`() throws {
        #expect(try code { $0.signature = tlv(0x30, tlv(0x02, [0]) + tlv(0x02, [0])) } == .signatureMismatch)
        #expect(try code { $0.signature = [] } == .signatureMismatch)
        let order: [UInt8] = [
            0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
            0xE6, 0xFA,
            0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        #expect(
            try code { $0.signature = tlv(0x30, tlv(0x02, order) + tlv(0x02, [1])) } == .signatureMismatch)
        // A good signature in another spelling: a length byte or a leading zero too many.
        let draft = CMSDraft(authority)
        let good = try authority.key.sign(tlv(0x31, draft.encodedAttributes.reduce([], +)), draft.algorithm)
        #expect(try code { $0.signature = [0x30, 0x81] + good.dropFirst() } == .signatureMismatch)
        let padded = tlv(0x30, [good[2], good[3] + 1, 0] + good.dropFirst(4))
        #expect(try code { $0.signature = padded } == .signatureMismatch)
        #expect(try code { $0.signature = good + [0] } == .signatureMismatch)
        var same = draft
        same.signature = good
        #expect(report(try same.bytes()).indication == .totalPassed)
    }

    @Test func `is refused or the same whatever single bit is turned`() throws {
        let good = try CMSDraft(authority).bytes()
        for index in good.indices {
            var changed = good
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(report(changed).indication != .totalPassed, "byte \(index)")
        }
    }

    @Test func `from another CA of the same name is not taken for ours`() throws {
        let impostor = try Authority()
        let report = report(try CMSDraft(impostor).bytes())
        #expect(report.indication == .indeterminate)
        #expect([.noCertificateChainFound, .certificateChainGeneralFailure].contains(report.subIndication))
    }
}
