package import Exchange
package import OpenSSL

/// What a CMS signature is judged with, beside the message itself.
struct CMSSurroundings {
    var profile = CMSProfile.cades
    /// Certificates to look for the signer's in, should the message not carry it.
    var registered: [Certificate] = []
    /// DER of certificates that came along outside of the message: a PDF's DSS.
    var certificates: [[UInt8]] = []
    /// Revocation data from there.
    var embedded = RevocationData.none
    /// Timestamps over the whole document that cover the signature, judged already.
    var documentTimestamps: [TimestampJudgement] = []
}

extension SignatureVerifier {
    /// Judges a detached CMS signature at `time`.
    ///
    /// - Parameters:
    ///   - contentDigest: digest of the exact bytes that were signed; nil where the caller cannot give that
    ///     one.
    ///   - registered: certificates to look for the signer's in, should the message not carry it.
    package func verify(
        cms: [UInt8], contentDigest: (DigestAlgorithm) -> [UInt8]?, registered: [Certificate] = [],
        at time: Instant
    ) -> SignatureReport {
        let surroundings = CMSSurroundings(registered: registered)
        return judge(cms: cms, contentDigest: contentDigest, surroundings, at: time).report()
    }

    /// Judges the CMS of a PDF's signature field, or a detached one, by its profile.
    ///
    /// The caller may add what it finds wrong with the document, and the field's name, before it makes the
    /// report. Signed attributes beyond those that are known count for nothing; unsigned ones are refused,
    /// save for a few that get a remark.
    ///
    /// - Parameters:
    ///   - contentDigest: of the bytes that ByteRange names.
    ///   - time: of receipt; a valid timestamp makes it earlier.
    func judge(
        cms: [UInt8], contentDigest: (DigestAlgorithm) -> [UInt8]?, _ surroundings: CMSSurroundings,
        at time: Instant
    ) -> ReportDraft {
        var draft = ReportDraft(surroundings.profile.format)
        let message: CMSMessage
        do {
            message = try CMSMessage(cms, as: surroundings.profile)
        } catch {
            draft.fail(error)
            return draft
        }
        describe(message, surroundings.profile, &draft)
        let carried = message.certificates + message.unsigned.certificates
        guard let own = parse(carried, &draft) else { return draft }
        // What a PDF collects for all of its signatures may hold what we cannot read; what we need is found
        // or missed.
        let offered = own + surroundings.certificates.compactMap { try? certificates.certificate(der: $0) }
        let data = embedded(message, with: surroundings.embedded, &draft)
        var times = SigningTimes(receipt: time)
        checkTimestamps(
            of: message, contentDigest: contentDigest, offered, data, surroundings, &times, &draft)
        draft.bestSigningTime = times.best
        draft.apply(algorithms.ruling(on: message.algorithm, at: times.best))
        if contentDigest(message.digest) != message.attributes.messageDigest {
            draft.fail(SignatureReason(.digestMismatch))
        }
        guard let signer = (offered + surroundings.registered).first(where: message.names) else {
            draft.fail(SignatureReason(.certificateMissing))
            return draft
        }
        check(message.attributes, name: signer, surroundings.profile, at: times.best, &draft)
        checkProtection(message, &draft)
        checkSignature(message.signature, over: message.signedBytes, by: signer, message.algorithm, &draft)
        checkChain(of: signer, untrusted: offered, embedded: data, at: times, &draft)
        return draft
    }

    private func describe(_ message: CMSMessage, _ profile: CMSProfile, _ draft: inout ReportDraft) {
        if case .cades = profile {
            draft.coverage = "detached content"
            if message.attributes.signingCertificate != nil { draft.format = .cades }
        }
        if draft.format == .cades || draft.format == .pades { draft.level = .b }
        draft.algorithm = message.algorithm.description
        draft.signingTime = message.attributes.signingTime
        if case .pades = profile, message.attributes.signingTime != nil {
            draft.remark(SignatureReason(.signingTimeMisplaced))
        }
        for object in message.unsigned.unread {
            draft.remark(SignatureReason(.unsignedAttributeUnread, CMSObject.dotted(object)))
        }
        // Somebody put it there to be believed, and it might contradict the others.
        for object in message.unsigned.foreignTimestamps {
            draft.fail(SignatureReason(.timestampKindUnsupported, CMSObject.dotted(object)))
        }
    }

    private func checkTimestamps(
        of message: CMSMessage, contentDigest: (DigestAlgorithm) -> [UInt8]?, _ certificates: [Certificate],
        _ embedded: RevocationData, _ outer: CMSSurroundings, _ times: inout SigningTimes,
        _ draft: inout ReportDraft
    ) {
        for judgement in outer.documentTimestamps { times.take(judgement, &draft) }
        let unsigned = message.unsigned
        withoutActuallyEscaping(contentDigest) { contentDigest in
            let archive = unsigned.archiveTimestamps.map { token in
                SignatureStamp(token: token) { stamp in
                    guard let index = stamp.message.unsigned.hashIndex,
                        let parsed = try? ArchiveHashIndex(index), parsed.matches(message),
                        let content = contentDigest(stamp.imprintDigest)
                    else { return nil }
                    let archived = message.archived(contentDigest: content, index: index)
                    return Digester.hash(archived, stamp.imprintDigest)
                }
            }
            let signature = unsigned.signatureTimestamps.map { token in
                SignatureStamp(token: token) { Digester.hash(message.signature, $0.imprintDigest) }
            }
            checkTimestamps(
                archive: archive, signature: signature, certificates, embedded, &times, &draft)
        }
        guard draft.level != nil, times.isProven else { return }
        let isArchived =
            outer.documentTimestamps.contains(where: \.report.hasPassed)
            || unsigned.archiveTimestamps.contains(where: message.isWhole(under:))
        draft.level = embedded.isEmpty ? .t : isArchived ? .lta : .lt
    }

    private func check(
        _ attributes: CMSSignedAttributes, name signer: Certificate, _ profile: CMSProfile,
        at time: Instant, _ draft: inout ReportDraft
    ) {
        let named =
            if case .pkcs7 = profile {
                attributes.signingCertificate ?? attributes.signingCertificateV1
            } else {
                attributes.signingCertificate
            }
        if let named {
            if case .pkcs7 = profile {
            } else {
                draft.apply(
                    algorithms.ruling(on: named.algorithm, at: time))
            }
            if !named.names(signer) { draft.fail(SignatureReason(.signingCertificateMismatch)) }
        } else if case .pkcs7 = profile {
            draft.remark(SignatureReason(.signingCertificateMissing))
        } else {
            draft.fail(SignatureReason(.signingCertificateMissing))
        }
    }

    /// RFC 6211: where the signer stated the algorithms under his signature, the message must not state
    /// others.
    private func checkProtection(_ message: CMSMessage, _ draft: inout ReportDraft) {
        guard let der = message.attributes.protection else { return }
        do {
            var outer = DERReader(der)
            var reader = try outer.sequence()
            let digest = try CMSAlgorithms.digest(try CMSAlgorithms.read(&reader))
            var signature = try reader.sequence(DERReader.Tag.context(1))
            let object = try signature.objectIdentifier()
            let parameters = signature.isAtEnd ? [] : signature.slice(try signature.next().whole)
            let algorithm = try CMSAlgorithms.signature(
                CMSAlgorithms.Identifier(object: object, parameters: parameters), digest: digest)
            if digest == message.digest, algorithm == message.algorithm { return }
        } catch {}
        draft.fail(SignatureReason(.cmsAlgorithmsDiffer))
    }
}

extension CMSProfile {
    /// Until the message has been read.
    fileprivate var format: SignatureReport.Format {
        switch self {
        case .cades: .cms
        case .pades: .pades
        case .pkcs7: .pkcs7
        case .timestamp: .documentTimestamp
        }
    }
}
