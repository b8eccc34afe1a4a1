package import Exchange
internal import OpenSSL
package import XML

/// Watches a letter's events, finds its ds:Signature and digests everything else, in one pass.
///
/// The canonical form and the digest are known only once SignedInfo has been read, and the document's
/// beginning comes before it: events up to there are recorded, replayed, and the rest streams straight
/// through. It must see all events of the document: what it does not see is not covered by the digest.
package final class XMLSignatureReader: XMLEventHandler {
    /// Room for what stands before the signature: a header with thousands of recipients needs 4 MiB.
    package static let recordedBytesMax = 16 << 20
    /// Of the signature: one that carries its CRLs needs more than a bare one by far.
    private static let signatureBytesMax = 4 << 20
    private static let signatureElementsMax = 1024

    private enum Phase {
        /// The signature may still come.
        case before(XMLEventRecorder)
        /// Recording the signature, until it ends.
        case inside(XMLEventRecorder)
        case after(Canonicalizer)
        /// Nothing can be signed here any more, or nothing counts any more.
        case over
    }

    fileprivate enum Role: UInt8 { case unknown, other, signature, foreignSignature, edXML, envelope, header }

    private var phase: Phase
    private var before: XMLEventRecorder?
    // These two unchecked at run time: what changes them calls nobody.
    @exclusivity(unchecked) private var context = XMLNamespaceContext()
    /// Roles of the open elements, down to the third.
    @exclusivity(unchecked) private var path: [Role] = []
    private var depth = 0
    private var isInHeader: Bool { unsafe path == [.edXML, .envelope, .header] }
    private var sink: DigestSink?
    private var signature: XMLSignatureElement?
    /// Of its archive timestamps, in their order.
    private var archiveDigests: [XMLArchiveDigest?] = []
    private var refusals: [SignatureReason] = []
    private var hasSignature = false
    private var hasForeignSignature = false

    package init() {
        let recorder = XMLEventRecorder(bytesMax: Self.recordedBytesMax)
        phase = .before(recorder)
        before = recorder
    }

    /// What is held in memory until the signature is there, roughly.
    package var heldBytes: Int { before?.byteCount ?? 0 }

    package func startElement(_ element: XMLStartElement) {
        let role = Role.of(element.name)
        depth += 1
        if role == .signature { began(element) }
        if role == .foreignSignature, depth == 4, isInHeader {
            hasForeignSignature = true
        }
        if depth <= 3 { unsafe path.append(role) }
        switch phase {
        case .before(let recorder), .inside(let recorder): recorder.startElement(element)
        case .after(let canonicalizer): canonicalizer.startElement(element)
        case .over: break
        }
        unsafe context.enter(element)
    }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        unsafe context.leave()
        depth -= 1
        switch phase {
        case .before(let recorder):
            recorder.endElement(name, at: position)
            if depth == 2, isInHeader { phase = .over }
        case .inside(let recorder):
            recorder.endElement(name, at: position)
            if depth == 3 {
                phase = .over
                // Its end has left it: what is in scope now is what surrounds it.
                ended(unsafe recorder.element(inside: context))
            }
        case .after(let canonicalizer): canonicalizer.endElement(name, at: position)
        case .over: break
        }
        if depth < 3 { unsafe path.removeLast() }
        if case .over = phase { before = nil }
    }

    package func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        switch phase {
        case .before(let recorder), .inside(let recorder): recorder.text(bytes, at: position)
        case .after(let canonicalizer): canonicalizer.text(bytes, at: position)
        case .over: break
        }
    }

    package func plainText(_ bytes: Span<UInt8>, at position: XMLPosition) {
        if case .after(let canonicalizer) = phase { return canonicalizer.plainText(bytes, at: position) }
        text(bytes, at: position)
    }

    package func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {
        // Not part of any canonical form that is allowed; inside the signature the texts around it are
        // joined.
    }

    package func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        switch phase {
        case .before(let recorder): recorder.processingInstruction(target: target, data: data, at: position)
        case .inside: refuse(SignatureReason(.signatureStructure, "processing instruction"))
        case .after(let canonicalizer):
            canonicalizer.processingInstruction(target: target, data: data, at: position)
        case .over: break
        }
    }

    /// To be called once, after the reader's `finish`.
    package func evidence() -> XMLSignatureEvidence {
        if hasSignature, depth != 0 { refuse(SignatureReason(.documentIncomplete)) }
        if !refusals.isEmpty { return XMLSignatureEvidence(.refused(refusals)) }
        guard let signature, let sink, case .after(let canonicalizer) = phase else {
            return XMLSignatureEvidence(
                .unsigned(SignatureReason(hasForeignSignature ? .foreignSignature : .notSigned)))
        }
        canonicalizer.finish()
        phase = .over
        let info = signature.signedInfo
        return XMLSignatureEvidence(
            .signed(
                XMLSignatureEvidence.SignedDocument(
                    signedInfo: info.canonical, algorithm: info.algorithm, value: signature.value,
                    digestAlgorithm: info.document.algorithm, expectedDigest: info.document.digest,
                    actualDigest: sink.digester.finalize(), certificates: signature.certificates,
                    properties: properties(of: signature))))
    }

    private func properties(of signature: XMLSignatureElement) -> XMLSignatureEvidence.SignedDocument
        .Properties?
    {
        guard let properties = signature.properties, let reference = signature.signedInfo.properties else {
            return nil
        }
        typealias Stamp = XMLSignatureEvidence.SignedDocument.Stamp
        let unsigned = properties.unsigned
        let stamps = unsigned.signatureTimestamps.map { timestamp in
            // EN 319 132-1 section 5.3: over ds:SignatureValue, the element.
            let stamped = signature.valueElement.canonical(timestamp.form)
            let digest = (try? TimestampToken(timestamp.token)).map {
                Digester.hash(stamped, $0.imprintDigest)
            }
            return Stamp(token: timestamp.token, digest: digest)
        }
        let archives = zip(unsigned.archiveTimestamps, archiveDigests).map { archive, digest in
            Stamp(token: archive.timestamp.token, digest: digest?.finalize())
        }
        return XMLSignatureEvidence.SignedDocument.Properties(
            expectedDigest: reference.digest, actualDigest: properties.digest,
            digestAlgorithm: reference.algorithm, signingTime: properties.signingTime,
            signingCertificate: properties.signingCertificate, signatureTimestamps: stamps,
            archiveTimestamps: archives,
            isWholeArchived: unsigned.archiveTimestamps.contains(where: \.isLast),
            certificates: unsigned.certificates, revocation: unsigned.revocation)
    }

    private func began(_ element: XMLStartElement) {
        if hasSignature { refuse(SignatureReason(.signatureRepeated)) }
        hasSignature = true
        guard depth == 4, isInHeader else {
            refuse(SignatureReason(.signatureMisplaced, "line \(element.position.line)"))
            return
        }
        guard case .before(let recorder) = phase else {
            // A second header, after the first one has ended without a signature.
            return refuse(SignatureReason(.signatureMisplaced, "line \(element.position.line)"))
        }
        if recorder.isOverflowing {
            refuse(SignatureReason(.signatureTooLate))
        } else {
            phase = .inside(
                XMLEventRecorder(bytesMax: Self.signatureBytesMax, elementsMax: Self.signatureElementsMax))
        }
    }

    /// - Parameter element: the signature; nil where it is too large.
    private func ended(_ element: XMLElement?) {
        guard let element else { return refuse(SignatureReason(.signatureTooLarge)) }
        guard refusals.isEmpty, let before else { return }
        do {
            let parsed = try XMLSignatureElement(element)
            let reference = parsed.signedInfo.document
            archiveDigests =
                parsed.properties?.unsigned.archiveTimestamps.map {
                    XMLArchiveDigest($0, of: parsed, in: element)
                } ?? []
            let sink = DigestSink(
                Digester(reference.algorithm), more: archiveDigests.compactMap { $0?.digester })
            let canonicalizer = Canonicalizer(
                reference.form.method, inclusivePrefixes: reference.form.prefixes, sink: sink)
            before.replay(to: canonicalizer)
            self.before = nil
            self.sink = sink
            signature = parsed
            phase = .after(canonicalizer)
        } catch {
            refuse(error)
        }
    }

    /// After a refusal nothing is digested any more: a hostile letter costs no more than its parsing.
    private func refuse(_ reason: SignatureReason) {
        if refusals.count < 8 { refusals.append(reason) }
        phase = .over
    }
}

extension XMLSignatureReader.Role {
    /// Found once for each name and noted there: it follows from the name alone.
    static func of(_ name: XMLName) -> Self {
        if let known = Self(rawValue: name.signatureNote), known != .unknown {
            return known
        }
        let role = find(name)
        name.signatureNote = role.rawValue
        return role
    }

    private static func find(_ name: XMLName) -> Self {
        // The local name first: it is short, and nearly always another one.
        switch name.local {
        case "Signature": name.namespace == Namespace.signature ? .signature : .foreignSignature
        case "edXML" where name.namespace == Namespace.edXML: .edXML
        case "edXMLEnvelope" where name.namespace == Namespace.edXML: .envelope
        case "edXMLHeader" where name.namespace == Namespace.edXML: .header
        default: .other
        }
    }
}

/// Lets canonical bytes run into a digest, or into several.
final class DigestSink: ByteSink {
    let digester: Digester
    private let more: [Digester]

    init(_ digester: Digester, more: [Digester] = []) {
        self.digester = digester
        self.more = more
    }

    func write(_ bytes: Span<UInt8>) {
        digester.update(bytes)
        for other in more { other.update(bytes) }
    }
}
