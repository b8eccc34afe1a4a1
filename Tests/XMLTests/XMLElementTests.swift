import Exchange
import Testing
import XML

/// Records an element and all inside it from its own start to its own end, as a signature's reader does.
private func recorded(_ document: [UInt8], from apex: Int) throws -> XMLElement {
    var context: XMLNamespaceContext?
    let recorder = XMLEventRecorder(bytesMax: 1 << 20)
    let filter = ApexFilter(mark: apex) { around in
        context = around
        return recorder
    }
    try read(document, into: filter)
    let around = try #require(context)
    return try #require(recorder.element(inside: around))
}

private func element(_ text: String) throws -> XMLElement {
    let recorder = XMLEventRecorder(bytesMax: 1 << 20)
    try read(Array(text.utf8), into: recorder)
    return try #require(recorder.element(inside: XMLNamespaceContext()))
}

private func everyElement(in element: XMLElement) -> [XMLElement] {
    [element] + element.elements.flatMap(everyElement)
}

private func mark(of element: XMLElement) throws -> Int {
    let mark = try #require(element.attribute("mark"))
    return try #require(Int(mark.string))
}

@Suite struct `A recorded element` {
    /// Wherever the recording begins, each element inside has the canonical form that libxml2 gives it.
    @Test(arguments: 0..<20)
    func `has the canonical form of its place in the document`(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed) &+ 4_000_000)
        let document = Array(generator.document().utf8)
        let all = try everyElement(in: recorded(document, from: 0))
        let some = all[generator.number(0...(all.count - 1))]
        for top in [all[0], some] {
            let whole = try recorded(document, from: mark(of: top))
            for inner in everyElement(in: whole) {
                for method in CanonicalizationMethod.allCases {
                    let apex = try mark(of: inner)
                    let expected = try #require(canonicalByLibXML2(document, method, apex: apex))
                    let form = inner.canonical(CanonicalForm(method))
                    #expect(String(decoding: form, as: UTF8.self) == expected, "\(method) apex \(apex)")
                }
            }
        }
    }

    @Test func `lists what is inside it and not what is deeper`() throws {
        let top = try element(
            "<a xmlns='urn:a'> <b i='1'><c i='2'/></b>\n<b xmlns='urn:b' i='3'/><!-- x --><d>t</d></a>")
        #expect(top.elements.map(\.name.local) == ["b", "b", "d"])
        #expect(top.elements[0].elements.map(\.name.local) == ["c"])
        #expect(top.elements[1].elements.isEmpty)
        func first(_ local: ExactString, _ namespace: ExactString) -> XMLElement? {
            top.firstElement { $0.local == local && $0.namespace == namespace }
        }
        #expect(first("b", "urn:a")?.attribute("i") == "1")
        #expect(first("b", "urn:b")?.attribute("i") == "3")
        #expect(first("c", "urn:a") == nil)
        var attributes: [[UInt8]] = []
        top.forEachAttribute { attributes.append($0.value) }
        #expect(attributes == [[0x31], [0x32], [0x33]])
        #expect(top.holdsOnlyElements)
        #expect(top.elements[2].holdsOnlyElements == false)
    }

    @Test func `has one text, however it was written`() throws {
        let top = try element("<a>x<!-- y --><![CDATA[<]]>&amp;<?p q?>\u{E9}</a>")
        #expect(top.text == Array("x<&é".utf8))
        #expect(try element("<a/>").text == [])
        #expect(try element("<a>x<b/>y</a>").text == nil)
        #expect(try element("<a> \n word\t</a>").trimmedText == "word")
        #expect(try element("<a>two words</a>").trimmedText == nil)
    }

    @Test func `does not see text that stands inside of another element`() throws {
        #expect(try element("<a> <b>text</b> </a>").holdsOnlyElements)
        #expect(try element("<a> <b/>text</a>").holdsOnlyElements == false)
    }

    @Test func `is there only once it is whole, alone, and within its bounds`() throws {
        let context = XMLNamespaceContext()
        #expect(XMLEventRecorder(bytesMax: 1000).element(inside: context) == nil)
        let counted = XMLEventRecorder(bytesMax: 1 << 20, elementsMax: 3)
        try read(Array("<a><b/><b/></a>".utf8), into: counted)
        #expect(counted.element(inside: context) != nil)
        let many = XMLEventRecorder(bytesMax: 1 << 20, elementsMax: 3)
        try read(Array("<a><b/><b/><b/></a>".utf8), into: many)
        #expect(many.isOverflowing)
        #expect(many.element(inside: context) == nil)
        let followed = XMLEventRecorder(bytesMax: 1 << 20)
        try read(Array("<a/><?p q?>".utf8), into: followed)
        #expect(followed.element(inside: context) == nil)
        let open = XMLEventRecorder(bytesMax: 1 << 20)
        #expect(throws: XMLError.self) { try read(Array("<a><b/>".utf8), into: open) }
        #expect(open.element(inside: context) == nil)
    }
}
