import CLibXML2
import Exchange
import Testing
import XML

final class Collected: ByteSink {
    private(set) var bytes: [UInt8] = []

    func write(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Forwards only what is inside the element with `mark="…"`, with the context that was around it.
final class ApexFilter: XMLEventHandler {
    private let mark: [UInt8]
    private let makeTarget: (XMLNamespaceContext) -> any XMLEventHandler
    private var context = XMLNamespaceContext()
    private var depth = 0
    private(set) var target: (any XMLEventHandler)?

    init(mark: Int, makeTarget: @escaping (XMLNamespaceContext) -> any XMLEventHandler) {
        self.mark = Array(String(mark).utf8)
        self.makeTarget = makeTarget
    }

    func startElement(_ element: XMLStartElement) {
        if depth == 0, element.attributes.contains(where: { $0.name.local == "mark" && $0.value == mark }) {
            target = makeTarget(context)
            depth = 1
        } else if depth > 0 {
            depth += 1
        }
        context.enter(element)
        if depth > 0 { target?.startElement(element) }
    }

    func endElement(_ name: XMLName, at position: XMLPosition) {
        context.leave()
        if depth > 0 {
            target?.endElement(name, at: position)
            depth -= 1
        }
    }

    func text(_ bytes: Span<UInt8>, at position: XMLPosition) {
        if depth > 0 { target?.text(bytes, at: position) }
    }

    func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {
        if depth > 0 { target?.comment(bytes, at: position) }
    }

    func processingInstruction(target name: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        if depth > 0 { target?.processingInstruction(target: name, data: data, at: position) }
    }
}

/// libxml2's own canonical form; with `apex`, of the element whose attribute `mark` has that value.
func canonicalByLibXML2(
    _ document: [UInt8], _ method: CanonicalizationMethod, prefixes: [String] = [], apex: Int? = nil
) -> String? {
    guard let tree = parseTree(document) else { return nil }
    defer { xmlFreeDoc(tree) }
    var top: xmlNodePtr?
    if let apex { top = find(String(apex), from: xmlDocGetRootElement(tree)) }
    let buffer = xmlAllocOutputBuffer(nil)
    defer { xmlOutputBufferClose(buffer) }
    let mode: xmlC14NMode =
        switch method {
        case .inclusive10: XML_C14N_1_0
        case .inclusive11: XML_C14N_1_1
        case .exclusive10: XML_C14N_EXCLUSIVE_1_0
        }
    let copies = prefixes.map { xmlStrdup($0) }
    defer { for copy in copies { free(copy) } }
    var list: [UnsafeMutablePointer<xmlChar>?] = copies + [nil]
    let isVisible: xmlC14NIsVisibleCallback = { top, node, parent in
        guard let top else { return 1 }
        // A namespace node has no parent link of its own: its element comes as `parent`.
        var current = node?.pointee.type == XML_NAMESPACE_DECL ? parent : node
        while let element = current {
            if UnsafeMutableRawPointer(element) == top { return 1 }
            current = element.pointee.parent
        }
        return 0
    }
    let written = xmlC14NExecute(tree, isVisible, top, CInt(mode.rawValue), &list, 0, buffer)
    guard written >= 0 else { return nil }
    xmlOutputBufferFlush(buffer)
    return String(cString: xmlOutputBufferGetContent(buffer))
}

private func find(_ mark: String, from node: xmlNodePtr?) -> xmlNodePtr? {
    var current = node
    while let element = current {
        if element.pointee.type == XML_ELEMENT_NODE {
            if let value = xmlGetNoNsProp(element, "mark") {
                defer { free(value) }
                if String(cString: value) == mark { return element }
            }
            if let found = find(mark, from: element.pointee.children) { return found }
        }
        current = element.pointee.next
    }
    return nil
}

func canonical(
    _ document: [UInt8], _ method: CanonicalizationMethod, prefixes: [String] = [], apex: Int? = nil
) throws -> String {
    let sink = Collected()
    let list = prefixes.map { ExactString($0) }
    if let apex {
        let filter = ApexFilter(mark: apex) {
            Canonicalizer(method, inclusivePrefixes: list, context: $0, sink: sink)
        }
        try read(document, into: filter)
        (filter.target as? Canonicalizer)?.finish()
    } else {
        let canonicalizer = Canonicalizer(method, inclusivePrefixes: list, sink: sink)
        try read(document, into: canonicalizer)
        canonicalizer.finish()
    }
    return sink.text
}

@Suite struct `Canonical XML` {
    private static let lists: [[String]] = [
        [], ["p"], ["#default"], ["q", "#default", "a-b"], ["none", "r"],
    ]

    /// 400 documents, three methods, five lists, whole and from an apex: 8,000 comparisons.
    @Test(arguments: 0..<400)
    func `is what libxml2 makes of the same document`(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed) &+ 1_000_000)
        let text = generator.document()
        let document = Array(text.utf8)
        let marks = text.components(of: "mark=")
        for method in CanonicalizationMethod.allCases {
            for prefixes in method == .exclusive10 ? Self.lists : [[]] {
                let expected = try #require(canonicalByLibXML2(document, method, prefixes: prefixes))
                #expect(
                    try canonical(document, method, prefixes: prefixes) == expected,
                    "\(method) \(prefixes) \(text)")
                let apex = generator.number(0...(marks - 1))
                let part = try #require(canonicalByLibXML2(document, method, prefixes: prefixes, apex: apex))
                #expect(
                    try canonical(document, method, prefixes: prefixes, apex: apex) == part,
                    "\(method) \(prefixes) apex \(apex) \(text)")
            }
        }
    }

    @Test(arguments: CanonicalizationMethod.allCases)
    func `does not depend on where the input is cut`(_ method: CanonicalizationMethod) throws {
        for seed in 0..<60 {
            var generator = DocumentGenerator(seed: UInt64(seed) &+ 2_000_000)
            let document = Array(generator.document().utf8)
            let whole = try canonical(document, method)
            let sink = Collected()
            let canonicalizer = Canonicalizer(method, sink: sink)
            try read(document, pieces: { generator.number(1...30) }, into: canonicalizer)
            canonicalizer.finish()
            #expect(sink.text == whole)
        }
    }

    /// Not what libxml2 2.9 writes, which leaves `&#38;`: Canonical XML 1.0 section 2.3 treats it like any
    /// attribute's value.
    @Test(arguments: CanonicalizationMethod.allCases)
    func `writes an ampersand of a namespace as a reference`(_ method: CanonicalizationMethod) throws {
        let document = Array(#"<p:r xmlns:p="urn:x?a&amp;b" p:d="&amp;#38;"/>"#.utf8)
        #expect(
            try canonical(document, method)
                == #"<p:r xmlns:p="urn:x?a&amp;b" p:d="&amp;#38;"></p:r>"#)
    }

    @Test func `joins xml:base of ancestors in 1.1 only and leaves xml:id`() throws {
        let document = Array(
            #"<r xml:base="http://h.example/a/b" xml:id="r" xml:lang="vi"><s xml:base="../c/" mark="0"/></r>"#
                .utf8)
        #expect(
            try canonical(document, .inclusive11, apex: 0)
                == #"<s mark="0" xml:base="http://h.example/c/" xml:lang="vi"></s>"#)
        #expect(
            try canonical(document, .inclusive10, apex: 0)
                == #"<s mark="0" xml:base="../c/" xml:id="r" xml:lang="vi"></s>"#)
        #expect(try canonical(document, .exclusive10, apex: 0) == #"<s mark="0" xml:base="../c/"></s>"#)
    }

    @Test(arguments: [
        ("http://h/a/b", "c", "http://h/a/c"), ("http://h/a/b", "/c", "http://h/c"),
        ("http://h", "c", "http://h/c"),
        ("http://h/a/b", "../../..", "http://h/"), ("http://h/a", "http://k/./b/../c", "http://k/c"),
        ("a/b/", "c", "a/b/c"), ("a/b", "..", ""), ("a/b/c", "..", "a/"), ("a", "../..", "../../"),
        ("..", "..", "../../"), ("..", "a", "../a"), ("../b", "c", "../c"), ("a/b", "", "a/b"),
        ("http://h/a//b", "c", "http://h/a/c"), ("http://h/a?q", "", "http://h/a?q"),
        ("http://h/a", "?r", "http://h/a?r"),
        ("http://h/a#f", "#g", "http://h/a"), ("http://h/a", "//k/b", "http://k/b"),
    ])
    func `joins URI references as C14N 1.1 says`(_ base: String, _ reference: String, _ expected: String)
        throws
    {
        let document = Array(#"<r xml:base="\#(base)"><s xml:base="\#(reference)" mark="0"/></r>"#.utf8)
        let attribute = expected.isEmpty ? "" : #" xml:base="\#(expected)""#
        #expect(try canonical(document, .inclusive11, apex: 0) == #"<s mark="0"\#(attribute)></s>"#)
    }

    @Test func `knows its methods by URI and none with comments`() {
        for method in CanonicalizationMethod.allCases {
            #expect(CanonicalizationMethod(identifier: ExactString(method.identifier)) == method)
            #expect(
                CanonicalizationMethod(identifier: ExactString(method.identifier + "WithComments")) == nil)
        }
    }
}

@Suite struct `The event recorder` {
    @Test func `replays what it heard, more than once`() throws {
        for seed in 0..<60 {
            var generator = DocumentGenerator(seed: UInt64(seed) &+ 3_000_000)
            let document = Array(generator.document().utf8)
            let direct = EventLog()
            let recorder = XMLEventRecorder(bytesMax: 1 << 20)
            try read(document, into: XMLEventTee(direct, recorder))
            #expect(!recorder.isOverflowing)
            let expected = direct.finish()
            for _ in 0..<2 {
                let again = EventLog()
                recorder.replay(to: again)
                #expect(again.finish() == expected)
            }
        }
    }

    @Test(arguments: [
        String(repeating: "<b/>", count: 10_000), String(repeating: "x", count: 100_000),
        String(repeating: "<b c='0123456789'/>", count: 5000),
        "<!--" + String(repeating: "x", count: 100_000) + "-->",
        String(repeating: "<?p?>", count: 10_000),
    ])
    func `stops at its bound`(_ content: String) throws {
        let recorder = XMLEventRecorder(bytesMax: 65_536)
        try read(Array("<a>\(content)</a>".utf8), into: recorder)
        #expect(recorder.isOverflowing)
        // What is of no use any more is not kept.
        #expect(recorder.byteCount == 0)
    }
}

extension String {
    fileprivate func components(of word: String) -> Int {
        var count = 0
        var rest = utf8[...]
        while !rest.isEmpty {
            if rest.starts(with: word.utf8) { count += 1 }
            rest = rest.dropFirst()
        }
        return count
    }
}
