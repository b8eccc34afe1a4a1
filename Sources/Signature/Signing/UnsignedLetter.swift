internal import Exchange
internal import OpenSSL
internal import XML

/// Reads a letter that is to be signed: the digest of its exclusive canonical form, and where its header
/// stands.
final class UnsignedLetter: XMLEventHandler {
    private static let namespace: ExactString = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
    private static let path: [ExactString] = ["edXML", "edXMLEnvelope", "edXMLHeader"]

    /// Which start tag of the document is the header's, counted from 1.
    private(set) var headerStartTag: Int?
    private(set) var refusal: SigningError?

    private let digesting: DigestingSink
    private let canonicalizer: Canonicalizer
    private var started = 0
    private var depth = 0
    /// How many elements of `path` are open around here.
    private var matched = 0

    init(_ digest: DigestAlgorithm) {
        digesting = DigestingSink(digest)
        canonicalizer = Canonicalizer(.exclusive10, sink: digesting)
    }

    /// To be asked once, after the last event.
    func finish() -> [UInt8] {
        canonicalizer.finish()
        return digesting.digester.finalize()
    }

    func startElement(_ element: XMLStartElement) {
        started += 1
        depth += 1
        let name = element.name
        if name.local == "Signature", name.namespace == ExactString(SignatureElement.namespace) {
            refuse(.alreadySigned, "dòng \(element.position.line): văn bản đã có chữ ký (ds:Signature)")
        }
        if depth <= Self.path.count, matched == depth - 1, name.local == Self.path[matched],
            name.namespace == Self.namespace
        {
            matched = depth
            if matched == Self.path.count {
                if headerStartTag != nil {
                    refuse(.notALetter, "dòng \(element.position.line): văn bản có hai edXMLHeader")
                }
                headerStartTag = started
            }
        }
        canonicalizer.startElement(element)
    }

    func endElement(_ name: XMLName, at position: XMLPosition) {
        if matched == depth { matched -= 1 }
        depth -= 1
        canonicalizer.endElement(name, at: position)
    }

    func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        canonicalizer.text(bytes, at: position)
    }

    func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {}

    func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        canonicalizer.processingInstruction(target: target, data: data, at: position)
    }

    private func refuse(_ code: SigningError.Code, _ detail: String) {
        if refusal == nil { refusal = SigningError(code, detail) }
    }
}

private final class DigestingSink: ByteSink {
    let digester: Digester

    init(_ digest: DigestAlgorithm) {
        digester = Digester(digest)
    }

    func write(_ bytes: Span<UInt8>) {
        digester.update(bytes)
    }
}
