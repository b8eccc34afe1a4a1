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
        case before
        /// Recording the signature, until it ends.
        case inside
        case after(Canonicalizer)
        /// Nothing can be signed here any more, or nothing counts any more.
        case over
    }

    private var phase = Phase.before
    // Constants, both: an event on its way to one of them counts no reference.
    private let before = XMLEventRecorder(bytesMax: recordedBytesMax)
    private let inside = XMLEventRecorder(bytesMax: signatureBytesMax, elementsMax: signatureElementsMax)
    // These two unchecked at run time: what changes them calls nobody.
    @exclusivity(unchecked) private var context = XMLNamespaceContext()
    /// Names of the open elements, down to the third.
    @exclusivity(unchecked) private var path: [SignatureName] = []
    private var depth = 0
    private var isInHeader: Bool { unsafe path == [.edXML, .envelope, .header] }
    private var sink: DigestSink?
    private var signature: XMLSignatureElement?
    /// Of its archive timestamps, in their order.
    private var archiveDigests: [XMLArchiveDigest?] = []
    private var refusals: [SignatureReason] = []
    private var hasSignature = false
    private var hasForeignSignature = false

    package init() {}

    /// What is held in memory until the signature is there, roughly.
    package var heldBytes: Int { before.byteCount }

    package func startElement(_ element: XMLStartElement) {
        let name = SignatureName.of(element.name)
        depth += 1
        if name == .signature { began(element) }
        if name == .foreignSignature, depth == 4, isInHeader {
            hasForeignSignature = true
        }
        if depth <= 3 { unsafe path.append(name) }
        switch phase {
        case .before: before.startElement(element)
        case .inside: inside.startElement(element)
        case .after(let canonicalizer): canonicalizer.startElement(element)
        case .over: break
        }
        unsafe context.enter(element)
    }

    package func endElement(_ name: XMLName, at position: XMLPosition) {
        unsafe context.leave()
        depth -= 1
        switch phase {
        case .before:
            before.endElement(name, at: position)
            if depth == 2, isInHeader { phase = .over }
        case .inside:
            inside.endElement(name, at: position)
            if depth == 3 {
                phase = .over
                // Its end has left it: what is in scope now is what surrounds it.
                let element = unsafe inside.element(inside: context)
                inside.discard()
                ended(element)
            }
        case .after(let canonicalizer): canonicalizer.endElement(name, at: position)
        case .over: break
        }
        if depth < 3 { unsafe path.removeLast() }
        if case .over = phase {
            before.discard()
            inside.discard()
        }
    }

    package func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        switch phase {
        case .before: before.text(bytes, at: position)
        case .inside: inside.text(bytes, at: position)
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
        case .before: before.processingInstruction(target: target, data: data, at: position)
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
        guard case .before = phase else {
            // A second header, after the first one has ended without a signature.
            return refuse(SignatureReason(.signatureMisplaced, "line \(element.position.line)"))
        }
        if before.isOverflowing {
            refuse(SignatureReason(.signatureTooLate))
        } else {
            phase = .inside
        }
    }

    /// - Parameter element: the signature; nil where it is too large.
    private func ended(_ element: XMLElement?) {
        guard let element else { return refuse(SignatureReason(.signatureTooLarge)) }
        guard refusals.isEmpty else { return }
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
            before.discard()
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
