internal import Exchange
internal import XML

/// One pass over a letter's events, and what it has found so far.
///
/// A value inside of `EdXMLReader`, so that an event is one access to that object: each access is checked at
/// run time to be the only one, and there were a dozen for each element.
struct EdXMLPass {
    private struct Frame {
        let rule: ElementRule
        let node: Int
        /// Where this element's counts of children begin in `counts`.
        let countsStart: Int
    }

    let limits: EdXMLLimits
    private let consumer: (any AttachmentConsumer)?
    private let hashesAttachments: Bool
    private(set) var tree = ElementTree()
    private(set) var findings: Findings
    private(set) var lookalikes: [Lookalike] = []

    private var frames: [Frame] = []
    private var counts: [Int] = []
    private var routingDepth = 0
    /// Elements open inside one that is passed over, itself among them.
    private var skippedDepth = 0
    /// The text of a passed-over element itself, as much as a marking of secrecy may have.
    private var skippedText: [UInt8] = []
    private var skippedPosition = XMLPosition(line: 0, column: 0)
    private var text: [UInt8] = []
    private var textIsTooLong = false
    private(set) var heldBytes = 0
    private var recipients = 0
    private var attachments = 0
    private var references = 0
    private var decodedBytes = 0
    private var decoder: AttachmentDecoder?
    private var described: AttachmentDescription?
    private lazy var buffer = DecodingBuffer()

    /// Before trimming; longer than any limit on a text in bytes.
    private static let textBytesMax = 64 << 10
    private static let skippedBytesMax = 256

    init(limits: EdXMLLimits, attachments consumer: (any AttachmentConsumer)?, hashesAttachments: Bool) {
        self.hashesAttachments = hashesAttachments
        self.limits = limits
        self.consumer = consumer
        findings = Findings(countMax: limits.findingsMax)
        // What a letter needs: growing step by step costs more than using them.
        frames.reserveCapacity(12)
        counts.reserveCapacity(96)
    }

    var fatal: Finding? { findings.fatal }

    /// - Parameter check: finds further mistakes in a message that has some already; what is missing is empty
    ///   in it.
    mutating func message(
        _ check: (EdXMLMessage) -> [Finding]
    ) throws(Rejection) -> EdXMLMessage {
        if fatal == nil, frames.isEmpty, !tree.nodes.isEmpty {
            var assembler = MessageAssembler(
                tree: tree, limits: limits, findings: findings, lookalikes: lookalikes)
            let message = assembler.message()
            findings = assembler.findings
            if let message, findings.all.isEmpty { return message }
            if let message, !findings.all.isEmpty {
                let further = check(message).filter { more in
                    !findings.all.contains { $0.path == more.path && $0.code == more.code }
                }
                throw Rejection(findings: findings.all + further, fatal: fatal)
            }
        }
        if let rejection = findings.rejection { throw rejection }
        throw Rejection(.notEdXML, "Tệp không phải văn bản edXML hoàn chỉnh.")
    }

    // MARK: - Events

    mutating func startElement(_ element: XMLStartElement) {
        if fatal != nil { return }
        if skippedDepth > 0 {
            skippedDepth += 1
            return
        }
        guard let frame = frames.last else { return startDocument(element) }
        guard let place = place(for: element, in: frame) else {
            skippedDepth = 1
            skippedText.removeAll(keepingCapacity: true)
            skippedPosition = element.position
            return
        }
        open(place, in: frame, element)
    }

    private mutating func startDocument(_ element: XMLStartElement) {
        let name = element.name
        guard name.local == "edXML" else {
            return findings.addFatal(
                .notEdXML, "Thẻ gốc phải là <edXML>, không phải <\(name.local.string.prefix(60))>.",
                path: "/", at: element.position)
        }
        guard name.namespace == EdXMLReader.namespace else {
            return findings.addFatal(
                .unknownNamespace, "Thẻ <edXML> phải thuộc xmlns=\"\(EdXMLReader.namespace)\".",
                path: "/edXML",
                at: element.position)
        }
        push(.document, node: tree.open(.document, in: -1, occurrence: 1, at: element.position))
    }

    /// Nil where the element is passed over, with a finding where it should not have been there.
    ///
    /// - Returns: the place of its rule among the children of the frame's.
    private mutating func place(for element: XMLStartElement, in frame: Frame) -> Int? {
        if frame.rule.children.isEmpty {
            if frame.rule.isRouting { addMarkupFinding(frame, at: element.position) }
            return nil
        }
        switch NameMeaning.of(element.name) {
        case .unknown: return nil
        case .foreign(let tag):
            if frame.rule.place(of: tag) != nil, lookalikes.count < limits.findingsMax {
                lookalikes.append(
                    Lookalike(
                        parent: frame.node, tag: tag, namespace: element.name.namespace.string,
                        position: element.position))
            }
            return nil
        case .known(let tag):
            if let place = frame.rule.place(of: tag) { return place }
            if Self.structural.contains(tag) {
                add(.elementMisplaced, "Thẻ <\(tag.rawValue)> không được đặt ở đây.", frame, element.position)
            }
            return nil
        }
    }

    /// Elsewhere these would make another letter of it for software that searches by name only.
    private static let structural: Set<Tag> = [
        .edXML, .edXMLEnvelope, .edXMLHeader, .messageHeader, .from, .to, .edXMLBody, .edXMLManifest,
        .reference,
        .attachmentEncoded, .attachment, .traceHeaderList, .business,
    ]

    private mutating func open(_ place: Int, in frame: Frame, _ element: XMLStartElement) {
        let rule = frame.rule.children[place]
        counts[frame.countsStart + place] += 1
        let occurrence = counts[frame.countsStart + place]
        if occurrence > 1, !rule.repeats {
            let parent = frame.rule.tag.rawValue
            findings.add(
                .elementRepeated, "Thẻ <\(rule.tag.rawValue)> chỉ được có một lần trong <\(parent)>.",
                path: "\(tree.path(of: frame.node))/\(rule.tag.rawValue)[\(occurrence)]", at: element.position
            )
            skippedDepth = 1
            return
        }
        if !countAgainstLimits(rule, frame, element.position) { return }
        let node = tree.open(rule, in: frame.node, occurrence: occurrence, at: element.position)
        if rule.tag == .reference { readLink(element, node) }
        push(rule, node: node)
        if case .encoded = rule.content { beginAttachment(in: frame.node, at: element.position) }
    }

    private mutating func push(_ rule: ElementRule, node: Int) {
        frames.append(Frame(rule: rule, node: node, countsStart: counts.count))
        for _ in rule.children { counts.append(0) }
        if rule.isRouting { routingDepth += 1 }
        if !text.isEmpty { text.removeAll(keepingCapacity: true) }
        textIsTooLong = false
    }

    mutating func endElement(at position: XMLPosition) {
        if fatal != nil { return }
        if skippedDepth > 0 {
            skippedDepth -= 1
            if skippedDepth == 0, !skippedText.isEmpty { checkSkippedText() }
            return
        }
        guard let frame = frames.popLast() else { return }
        // Most elements have no children, and asking the array costs more than asking first.
        if counts.count > frame.countsStart { counts.removeSubrange(frame.countsStart...) }
        if frame.rule.isRouting { routingDepth -= 1 }
        switch frame.rule.content {
        case .elements: tree.close(frame.node, text: "")
        case .encoded:
            tree.close(frame.node, text: "")
            endAttachment(frame.node, at: position)
        default:
            tree.close(frame.node, text: checkedText(frame))
            text.removeAll(keepingCapacity: true)
        }
    }

    mutating func text(_ bytes: Span<UInt8>) {
        guard fatal == nil, skippedDepth == 0, let frame = frames.last else {
            if skippedDepth == 1, skippedText.count + bytes.count <= Self.skippedBytesMax {
                unsafe bytes.withUnsafeBufferPointer { unsafe skippedText.append(contentsOf: $0) }
            }
            return
        }
        switch frame.rule.content {
        case .elements: return
        case .encoded: decoder?.write(bytes)
        default:
            if text.count + bytes.count > Self.textBytesMax {
                textIsTooLong = true
            } else {
                unsafe bytes.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
            }
        }
    }

    /// A comment or a processing instruction.
    mutating func markup(at position: XMLPosition) {
        if fatal == nil, routingDepth > 0, let frame = frames.last { addMarkupFinding(frame, at: position) }
    }

    // MARK: - Checks on the way

    private mutating func add(
        _ code: RejectionCode, _ detail: String, _ frame: Frame, _ position: XMLPosition
    ) {
        findings.add(code, detail, path: tree.path(of: frame.node), at: position)
    }

    private mutating func addMarkupFinding(_ frame: Frame, at position: XMLPosition) {
        let tag = frame.rule.tag.rawValue
        add(
            .markupInIdentifier, "Không được có chú thích, chỉ thị xử lý hay thẻ con bên trong <\(tag)>.",
            frame,
            position)
    }

    private mutating func countAgainstLimits(_ rule: ElementRule, _ frame: Frame, _ position: XMLPosition)
        -> Bool
    {
        var path: String { "\(tree.path(of: frame.node))/\(rule.tag.rawValue)" }
        switch rule.tag {
        case .to:
            recipients += 1
            guard recipients > limits.recipientsMax else { break }
            findings.addFatal(
                .tooManyRecipients, "Một văn bản gửi được tối đa \(limits.recipientsMax) nơi nhận.",
                path: path,
                at: position)
        case .attachment, .reference:
            let count = rule.tag == .attachment ? \EdXMLPass.attachments : \EdXMLPass.references
            self[keyPath: count] += 1
            guard self[keyPath: count] > limits.attachmentsMax else { break }
            findings.addFatal(
                .tooManyAttachments, "Một văn bản có tối đa \(limits.attachmentsMax) tệp đính kèm.",
                path: path,
                at: position)
        default: break
        }
        heldBytes += 64
        if tree.nodes.count >= limits.elementsMax || heldBytes > limits.heldBytesMax {
            findings.addFatal(
                .xmlTooLarge, "Văn bản có quá nhiều thẻ (tối đa \(limits.elementsMax)).", path: path,
                at: position)
        }
        return fatal == nil
    }

    /// The trimmed text; what is wrong with it becomes a finding.
    private mutating func checkedText(_ frame: Frame) -> String {
        let position = tree.nodes[frame.node].position
        let value = TextRule.trimmed(text)
        heldBytes += value.utf8.count
        if heldBytes > limits.heldBytesMax {
            findings.addFatal(
                .xmlTooLarge, "Phần chữ của văn bản dài quá \(limits.heldBytesMax) byte.",
                path: tree.path(of: frame.node), at: position)
        }
        if let flaw = TextRule.flaw(in: value, isTooLong: textIsTooLong, frame.rule, limits) {
            add(flaw.code, flaw.detail, frame, position)
        }
        checkSecrecy(value, frame, position)
        return value
    }

    /// Elements that are not edXML's say nothing to the hub, but one of them may say that the letter is
    /// secret.
    private mutating func checkSkippedText() {
        guard let frame = frames.last else { return }
        checkSecrecy(TextRule.trimmed(skippedText), frame, skippedPosition)
        skippedText.removeAll(keepingCapacity: true)
    }

    private mutating func checkSecrecy(_ text: String, _ frame: Frame, _ position: XMLPosition) {
        guard SecretMarking.isIn(text) else { return }
        add(
            .secretLetter,
            "Văn bản mang dấu Mật, Tối mật hoặc Tuyệt mật không được gửi qua trục; trục không giữ nội dung.",
            frame, position)
    }

    /// The variant of the manifest that names its file in an attribute.
    private mutating func readLink(_ element: XMLStartElement, _ node: Int) {
        for attribute in element.attributes
        where attribute.name.local == "href" && attribute.name.namespace == "http://www.w3.org/1999/xlink" {
            guard attribute.value.count <= limits.documentIDBytesMax else {
                return findings.add(
                    .valueTooLong, "xlink:href dài quá \(limits.documentIDBytesMax) byte.",
                    path: tree.path(of: node), at: element.position)
            }
            tree.setLink(String(decoding: attribute.value, as: UTF8.self), of: node)
        }
    }

    // MARK: - Attachments

    private mutating func beginAttachment(in attachment: Int, at position: XMLPosition) {
        decoder = nil
        let described = AttachmentDescription(attachment, in: tree)
        var path: String { tree.path(of: attachment) }
        guard !described.contentID.isEmpty, !described.name.isEmpty else {
            // How to decode depends on these, and the content passes only once.
            return findings.add(
                .elementMissing,
                "<Attachment> phải có <ContentId> và <AttachmentName> đứng trước <ContentTransferEncoded>.",
                path: path, at: position)
        }
        guard FileName.isSafe(described.name, bytesMax: limits.fileNameBytesMax) else {
            return findings.add(
                .attachmentName,
                "Tên tệp đính kèm không hợp lệ: không được có đường dẫn, ký tự điều khiển, và dài tối đa "
                    + "\(limits.fileNameBytesMax) byte.", path: path + "/AttachmentName", at: position)
        }
        var bounds = limits
        bounds.attachmentBytesMax = min(
            limits.attachmentBytesMax, max(0, limits.decodedBytesMax - decodedBytes))
        self.described = described
        decoder = AttachmentDecoder(
            isPacked: described.isPacked, isHashed: hashesAttachments, limits: bounds, buffers: buffer,
            consumer: consumer)
        consumer?.begin(
            AttachmentHead(
                index: tree.nodes[attachment].occurrence - 1, contentID: described.contentID,
                name: described.name, contentType: described.contentType))
    }

    private mutating func endAttachment(_ node: Int, at position: XMLPosition) {
        guard let decoder, let described else { return }
        self.decoder = nil
        // Of one that failed too: it was decoded all the same, and more of its kind must not be for nothing.
        decodedBytes += decoder.decodedByteCount
        do {
            let (byteCount, sha256) = try decoder.finish()
            tree.setDecoded(
                DecodedContent(described: described, byteCount: byteCount, sha256: sha256), of: node)
            consumer?.end()
        } catch {
            findings.add(error.code, error.detail, path: tree.path(of: node), at: tree.nodes[node].position)
        }
    }
}

/// An element with a name that was looked for, in a namespace that is not edXML's.
struct Lookalike {
    let parent: Int
    let tag: Tag
    let namespace: String
    let position: XMLPosition
}
