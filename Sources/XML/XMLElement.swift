package import Exchange

/// An element that was recorded, with all inside it: a part of a document that is looked at from several
/// sides, such as a Signature. Never the letter itself.
///
/// A view: the elements inside it are not objects of their own, so a signature costs as little to keep as
/// it is long.
package struct XMLElement: Sendable {
    private final class Recording: Sendable {
        let events: RecordedEvents
        /// What surrounds the outermost element; canonicalising it alone needs that.
        let context: XMLNamespaceContext

        init(events: RecordedEvents, context: XMLNamespaceContext) {
            self.events = events
            self.context = context
        }
    }

    private let recording: Recording
    /// The record of its start.
    private let place: Int

    private init(_ recording: Recording, at place: Int) {
        self.recording = recording
        self.place = place
    }

    init(_ events: RecordedEvents, inside context: XMLNamespaceContext) {
        self.init(Recording(events: events, context: context), at: 0)
    }

    package var name: XMLName { recording.events.name(of: place) }
    package var attributes: [XMLAttribute] { recording.events.start(of: place)?.attributes ?? [] }

    /// The elements inside it, in their order; not those inside of them.
    package var elements: [XMLElement] {
        guard holdsElements else { return [] }
        var found: [XMLElement] = []
        found.reserveCapacity(4)
        var next = place + 1
        while let child = recording.events.child(of: place, from: next) {
            found.append(XMLElement(recording, at: child))
            next = recording.events.after(child)
        }
        return found
    }

    /// False where there is at most text inside.
    package var holdsElements: Bool { recording.events.child(of: place, from: place + 1) != nil }

    /// Tells `body` the attributes of the element and of all inside it, in the document's order.
    package func forEachAttribute<Failure>(
        _ body: (XMLAttribute) throws(Failure) -> Void
    ) throws(Failure) {
        try recording.events.forEachStart(inside: place) { (start) throws(Failure) in
            for attribute in start.attributes { try body(attribute) }
        }
    }

    /// The first element inside it that has such a name; not inside of those.
    package func firstElement(named isWanted: (XMLName) -> Bool) -> XMLElement? {
        var next = place + 1
        while let child = recording.events.child(of: place, from: next) {
            if isWanted(recording.events.name(of: child)) { return XMLElement(recording, at: child) }
            next = recording.events.after(child)
        }
        return nil
    }

    /// The value of an attribute without a prefix.
    package func attribute(_ local: ExactString) -> ExactString? {
        let found = attributes.first { $0.name.local == local && $0.name.namespace.isEmpty }
        return found.flatMap { ExactString(utf8: $0.value) }
    }

    /// The text of an element that has no elements inside; nil for one that has.
    package var text: [UInt8]? { recording.events.text(of: place) }

    /// One word without the white space around it; nil where there are several, or elements.
    package var trimmedText: String? {
        guard let text, let string = String(validating: text, as: UTF8.self) else { return nil }
        let words = string.unicodeScalars.split(whereSeparator: { [" ", "\t", "\n", "\r"].contains($0) })
        return words.count <= 1 ? words.first.map(String.init) ?? "" : nil
    }

    /// True where nothing but white space stands between the elements inside.
    package var holdsOnlyElements: Bool { recording.events.holdsOnlyElements(place) }

    /// Canonical bytes of the element as it stands in its document.
    package func canonical(_ form: CanonicalForm) -> [UInt8] {
        var context = recording.context
        recording.events.forEachAncestor(of: place) { context.enter($0) }
        let sink = CollectingSink()
        let canonicalizer = Canonicalizer(
            form.method, inclusivePrefixes: form.prefixes, context: context, sink: sink)
        recording.events.replay(elementAt: place, to: canonicalizer)
        canonicalizer.finish()
        return sink.bytes
    }
}

/// A canonicalisation with its parameters.
package struct CanonicalForm: Sendable, Hashable {
    package let method: CanonicalizationMethod
    /// PrefixList of InclusiveNamespaces.
    package let prefixes: [ExactString]

    package init(_ method: CanonicalizationMethod, prefixes: [ExactString] = []) {
        self.method = method
        self.prefixes = prefixes
    }
}

/// Collects what is small.
private final class CollectingSink: ByteSink {
    private(set) var bytes: [UInt8] = []

    func write(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}
