import Exchange
import Testing

@testable import XML

@Suite struct `The event reader` {
    @Test(arguments: 0..<300)
    func `says what libxml2's tree says, wherever the document is cut`(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        let document = Array(generator.document().utf8)
        let expected = try #require(
            eventsOfTree(document), "the generator made \(String(decoding: document, as: UTF8.self))")
        for sizes in [1...1, 2...2, 1...5, 3...90, 1000...1000, Int.max / 4...Int.max / 4] {
            let log = EventLog()
            try read(document, pieces: { generator.number(sizes) }, into: log)
            #expect(log.finish() == expected, "\(sizes): \(String(decoding: document, as: UTF8.self))")
        }
    }

    @Test func `has one object for equal names, and one number for equal prefixes`() throws {
        final class Names: XMLEventHandler {
            var names: [XMLName] = []
            func startElement(_ element: XMLStartElement) { names.append(element.name) }
            func endElement(_ name: XMLName, at position: XMLPosition) {}
            func text(_ bytes: Span<UInt8>, at position: XMLPosition) {}
            func comment(_ bytes: Span<UInt8>, at position: XMLPosition) {}
            func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {}
        }
        let handler = Names()
        let document =
            #"<a><b/><b/><b xmlns="urn:x"/><p:b xmlns:p="urn:x"/><b/><q:b xmlns:q="urn:x"/>"#
            + #"<p:c xmlns:p="urn:y"/></a>"#
        try read(Array(document.utf8), into: handler)
        let names = handler.names
        #expect(names.count == 8)
        #expect(names[1] === names[2] && names[1] === names[5])
        #expect(Set(names.map(ObjectIdentifier.init)).count == 6)
        for (left, right) in names.flatMap({ left in names.map { (left, $0) } }) {
            #expect((left.prefixNumber == right.prefixNumber) == (left.prefix == right.prefix))
        }
    }

    @Test func `skips UTF-8's own mark`() throws {
        for size in 1...5 {
            let log = EventLog()
            try read([0xEF, 0xBB, 0xBF] + Array("<a>x</a>".utf8), pieces: { size }, into: log)
            #expect(log.finish() == ["start |a|", "text x", "end |a|"])
        }
    }

    @Test func `passes long text on without holding it`() throws {
        let log = EventLog()
        let reader = XMLEventReader(handler: log)
        try reader.feed(Array("<a><b>".utf8))
        let piece = [UInt8](repeating: 0x41, count: 100_000)
        for _ in 0..<100 { try reader.feed(piece) }
        // Each piece was handed on before the next came.
        #expect(log.textRuns >= 100)
        try reader.feed(Array("</b></a>".utf8))
        try reader.finish()
        #expect(log.finish()[2].utf8.count == 10_000_005)
    }

    @Test func `counts lines in text that goes round the parser`() throws {
        let text = String(repeating: String(repeating: "A", count: 76) + "\r\n", count: 1000)
        for size in [1, 77, 4096, 1 << 20] {
            let error = #expect(throws: XMLError.self) {
                try read(Array("<a>\r\n\(text)</b>".utf8), pieces: { size }, into: EventLog())
            }
            #expect(error?.line == 1002)
            #expect(error?.code == .malformedXML)
        }
    }
}

@Suite struct `A hostile document` {
    static let refused: [(String, RejectionCode)] = [
        ("", .malformedXML), ("<", .malformedXML), ("  ", .malformedXML), ("x", .malformedXML),
        ("<a>", .malformedXML),
        ("<a></b>", .malformedXML), ("<a/><b/>", .malformedXML), ("<a/>text", .malformedXML),
        ("<a b='1' b='2'/>", .malformedXML), ("<a>&x;</a>", .malformedXML), ("<a b='&x;'/>", .malformedXML),
        ("<a>]]></a>", .malformedXML), ("<a>\u{1}</a>", .malformedXML), ("<a>x\u{0}</a>", .malformedXML),
        ("<a>&#0;</a>", .malformedXML), ("<a>&#xFFFE;</a>", .malformedXML),
        ("<a>\u{FFFE}</a>", .malformedXML),
        ("<p:a/>", .malformedXML), ("<a p:b='1'/>", .malformedXML), ("<a xmlns:p=''/>", .malformedXML),
        ("<a xmlns='relative'/>", .malformedXML), ("<a xmlns:p='../x'/>", .malformedXML),
        ("<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>", .malformedXML),
        ("<a:b:c xmlns:a='urn:x'/>", .malformedXML),
        ("<a xmlns:xmlns='urn:x'/>", .malformedXML), ("<a xmlns:xml='urn:x'/>", .malformedXML),
        ("<a><!-- -- --></a>", .malformedXML), ("<a><![CDATA[</a>", .malformedXML),
        ("<a><!--</a>", .malformedXML),
        ("<a><?xml version='1.0'?></a>", .malformedXML), ("<a/><?", .malformedXML),
        ("<a b=1/>", .malformedXML),
        ("<a b='<'/>", .malformedXML), ("<?xml version='1.1'?><a/>", .malformedXML),
        ("<?xml version='2.0'?><a/>", .malformedXML),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", .encodingNotUTF8),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", .encodingNotUTF8),
        ("<?xml version='1.0' encoding='windows-1258'?><a/>", .encodingNotUTF8),
        ("<?xml version='1.0' encoding='x-none'?><a/>", .encodingNotUTF8),
        ("<!DOCTYPE a><a/>", .doctypeForbidden),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", .doctypeForbidden),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", .doctypeForbidden),
        ("<!DOCTYPE a PUBLIC '-//X//' 'http://x.example/d'><a/>", .doctypeForbidden),
        (String(repeating: "<a>", count: 65), .xmlTooDeep),
        (String(repeating: "<a>", count: 100_000), .xmlTooDeep),
        ("<a " + (0..<65).map { "b\($0)='' " }.joined() + "/>", .xmlTooLarge),
        ("<a " + (0..<65).map { "xmlns:b\($0)='urn:x' " }.joined() + "/>", .xmlTooLarge),
        ("<a b='" + String(repeating: "x", count: 65_537) + "'/>", .xmlTooLarge),
        ("<" + String(repeating: "x", count: 257) + "/>", .xmlTooLarge),
        ("<a xmlns='urn:" + String(repeating: "x", count: 1024) + "'/>", .xmlTooLarge),
        ("<a " + String(repeating: " ", count: 400_000) + "/>", .xmlTooLarge),
        ("<a><!--" + String(repeating: "x", count: 400_000) + "--></a>", .xmlTooLarge),
        ("<a><?p " + String(repeating: "x", count: 400_000) + "?></a>", .xmlTooLarge),
        ("<a>" + (0..<5000).map { "<b\($0)/>" }.joined() + "</a>", .xmlTooLarge),
        (
            "<a>"
                + (0..<20_000).map { "<b xmlns='urn:\($0)" + String(repeating: "x", count: 900) + "'/>" }
                .joined() + "</a>", .xmlTooLarge
        ),
    ]

    @Test(arguments: 0..<refused.count)
    func `is refused with its code, in whatever pieces it comes`(_ index: Int) {
        let (document, code) = Self.refused[index]
        let bytes = Array(document.utf8)
        for size in [1, 7, 4096, Int.max / 4] where bytes.count < 1_000_000 || size > 1 {
            let error = #expect(throws: XMLError.self, "\(document.prefix(80)) in pieces of \(size)") {
                try read(bytes, pieces: { size }, into: EventLog())
            }
            #expect(
                error?.code == code,
                "\(document.prefix(80)) in pieces of \(size): \(String(describing: error))")
            #expect(error?.detail.isEmpty == false)
        }
    }

    @Test(
        arguments: [
            [0xFF, 0xFE, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0],
            [0xFE, 0xFF, 0, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E],
            [0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0], [0, 0, 0xFE, 0xFF, 0, 0, 0, 0x3C], [0xFF, 0xFE, 0, 0],
            Array("<a>".utf8) + [0xC0, 0x80] + Array("</a>".utf8),
            Array("<a>".utf8) + [0xED, 0xA0, 0x80] + Array("</a>".utf8),
            Array("<a>".utf8) + [0xE1, 0xBA] + Array("</a>".utf8),
            Array("<a>".utf8) + [0xF4, 0x90, 0x80, 0x80, 0x3C],
            Array("<a>".utf8) + [0xE1, 0xBA], Array("<a b='".utf8) + [0x80] + Array("'/>".utf8),
            Array("<a>".utf8) + [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80] + Array("</a>".utf8),
        ] as [[UInt8]])
    func `is refused where it is not UTF-8`(_ bytes: [UInt8]) {
        for size in 1...(bytes.count) {
            let error = #expect(throws: XMLError.self) { try read(bytes, pieces: { size }, into: EventLog()) }
            #expect(error?.code == .encodingNotUTF8)
        }
    }

    @Test func `throws its error again on every further call`() {
        let reader = XMLEventReader(handler: EventLog())
        let first = #expect(throws: XMLError.self) { try reader.feed(Array("<a></b>".utf8)) }
        let second = #expect(throws: XMLError.self) { try reader.feed(Array("<c/>".utf8)) }
        let third = #expect(throws: XMLError.self) { try reader.finish() }
        #expect(first == second && second == third)
    }

    @Test(arguments: [1, 7, 200, 1100, 5000])
    func `tells what stands before a mistake, wherever the document is cut`(_ size: Int) throws {
        // Longer than what is parsed again with each byte, so that what follows it waits.
        let instruction = "<?long " + String(repeating: "x", count: 1500) + "?>"
        for mistake in [[0x01], [0xFF], [0xC3]] as [[UInt8]] {
            let log = EventLog()
            let document = Array("\(instruction)<a><b/>".utf8) + mistake
            #expect(throws: XMLError.self) { try read(document, pieces: { size }, into: log) }
            #expect(log.finish().suffix(3) == ["start |a|", "start |b|", "end |b|"], "\(mistake)")
        }
    }

    @Test func `is told where its mistake is`() throws {
        let error = #expect(throws: XMLError.self) {
            try read(Array("<a>\n  <b>\n</c></a>".utf8), into: EventLog())
        }
        #expect(error?.line == 3)
        let encoding = #expect(throws: XMLError.self) {
            try read(Array("<a>\n\n ".utf8) + [0xFF], into: EventLog())
        }
        #expect(encoding?.line == 3)
        #expect(encoding?.column == 2)
    }
}
