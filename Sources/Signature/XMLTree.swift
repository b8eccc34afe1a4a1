internal import Exchange
internal import XML

/// A small part of a document, kept whole: a Signature element. Never the letter itself.
///
/// An object: the elements around it hold it twice, and checks hand it about.
final class XMLElement: Sendable {
    enum Content: Sendable {
        case element(XMLElement)
        case text([UInt8])
    }

    let start: XMLStartElement
    /// What surrounds the element; canonicalising it alone needs that.
    let context: XMLNamespaceContext
    let content: [Content]
    /// Those among `content`.
    let elements: [XMLElement]

    fileprivate init(
        start: XMLStartElement, context: XMLNamespaceContext, content: [Content], elements: [XMLElement]
    ) {
        self.start = start
        self.context = context
        self.content = content
        self.elements = elements
    }

    func isNamed(_ local: ExactString, in namespace: ExactString) -> Bool {
        start.name.local == local && start.name.namespace == namespace
    }

    func first(_ local: ExactString, in namespace: ExactString) -> XMLElement? {
        elements.first { $0.isNamed(local, in: namespace) }
    }

    /// The value of an attribute without a prefix.
    func attribute(_ local: ExactString) -> ExactString? {
        let found = start.attributes.first { $0.name.local == local && $0.name.namespace.isEmpty }
        return found.flatMap { ExactString(utf8: $0.value) }
    }

    /// The text of an element that has no elements inside; nil for one that has.
    var text: [UInt8]? {
        if content.count == 1, case .text(let bytes) = content[0] { return bytes }
        var all: [UInt8] = []
        for item in content {
            guard case .text(let bytes) = item else { return nil }
            all += bytes
        }
        return all
    }

    var trimmedText: String? {
        guard let text, let string = String(validating: text, as: UTF8.self) else { return nil }
        let words = string.unicodeScalars.split(whereSeparator: { [" ", "\t", "\n", "\r"].contains($0) })
        return words.count <= 1 ? words.first.map(String.init) ?? "" : nil
    }

    /// True where nothing but white space stands between the elements inside.
    var holdsOnlyElements: Bool {
        content.allSatisfy { item in
            guard case .text(let bytes) = item else { return true }
            return bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        }
    }

    /// Canonical bytes of the element as it stands in its document.
    func canonical(_ form: CanonicalForm) -> [UInt8] {
        let sink = CollectingSink()
        let canonicalizer = Canonicalizer(
            form.method, inclusivePrefixes: form.prefixes, context: context, sink: sink)
        replay(to: canonicalizer)
        canonicalizer.finish()
        return sink.bytes
    }

    private func replay(to handler: any XMLEventHandler) {
        handler.startElement(start)
        for item in content {
            switch item {
            case .element(let element): element.replay(to: handler)
            case .text(let bytes): handler.text(bytes.span, at: start.position)
            }
        }
        handler.endElement(start.name, at: start.position)
    }
}

/// A canonicalisation with its parameters.
struct CanonicalForm: Sendable, Hashable {
    let method: CanonicalizationMethod
    /// PrefixList of InclusiveNamespaces.
    let prefixes: [ExactString]

    init(_ method: CanonicalizationMethod, prefixes: [ExactString] = []) {
        self.method = method
        self.prefixes = prefixes
    }
}

/// Builds an element from its events, within bounds.
final class XMLTreeBuilder {
    /// A signature that carries its CRLs needs more than a bare one by far.
    static let bytesMax = 4 << 20
    static let elementsMax = 1024

    /// An element that has not ended.
    private struct Open {
        let start: XMLStartElement
        let context: XMLNamespaceContext
        var content: [XMLElement.Content] = []
        var elements: [XMLElement] = []
    }

    private var open: [Open] = []
    private var bytes = 0
    private var elements = 0
    /// Something did not fit; what follows is not kept.
    private(set) var isOverflowing = false

    func start(_ element: XMLStartElement, context: XMLNamespaceContext) {
        elements += 1
        bytes += element.attributes.reduce(64) { $0 + 64 + $1.value.count }
        bytes += element.declarations.reduce(0) { $0 + 64 + $1.uri.string.utf8.count }
        if bytes > Self.bytesMax || elements > Self.elementsMax { isOverflowing = true }
        open.append(Open(start: element, context: context))
    }

    func text(_ run: Span<UInt8>) {
        bytes += run.count
        if bytes > Self.bytesMax { isOverflowing = true }
        guard !isOverflowing, !open.isEmpty else { return }
        open[open.count - 1].content.append(
            .text(unsafe run.withUnsafeBufferPointer { unsafe Array($0) }))
    }

    /// The whole element where it was the outermost one.
    func end() -> XMLElement? {
        guard let ended = open.popLast() else { return nil }
        let element = XMLElement(
            start: ended.start, context: ended.context, content: ended.content, elements: ended.elements)
        if open.isEmpty { return element }
        if !isOverflowing {
            open[open.count - 1].content.append(.element(element))
            open[open.count - 1].elements.append(element)
        }
        return nil
    }
}

/// Collects what is small.
final class CollectingSink: ByteSink {
    private(set) var bytes: [UInt8] = []

    func write(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}
