import Exchange
import Testing

@testable import XML

/// Names are kept from one document to the next; nothing else is.
@Suite struct `Names that are kept` {
    private static let good = Array(
        """
        <a:letter xmlns:a="urn:a" Id="1"><a:to>H31.7</a:to><b xmlns="urn:b">x</b><a:to/></a:letter>
        """.utf8)

    private static func events(_ document: [UInt8], limits: XMLLimits = XMLLimits()) throws -> [String] {
        let log = EventLog()
        try read(document, pieces: { Int.max / 2 }, limits: limits, into: log)
        return log.finish()
    }

    @Test func `say the same in the next document, and in the one after a refused one`() throws {
        let expected = try #require(eventsOfTree(Self.good))
        let hostile = [
            // The same names mean something else here; the rest ends badly, early and late.
            "<a:letter xmlns:a=\"urn:other\"><a:to>H1</a:to></a:letter>",
            "<letter xmlns=\"urn:a\" xmlns:a=\"urn:b\"><a:to/><to/><b/></letter>",
            "<a:letter xmlns:a=\"urn:a\"><a:to>H1</a:letter>",
            "<a:letter xmlns:a=\"urn:a\"><a:to><![CDATA[ <b/> ",
            "<!DOCTYPE a:letter><a:letter/>",
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
            "<a:letter xmlns:a=\"urn:a\">&who;</a:letter>",
        ]
        for text in hostile {
            #expect(try Self.events(Self.good) == expected)
            let tree = eventsOfTree(Array(text.utf8))
            let said = try? Self.events(Array(text.utf8))
            if let said { #expect(said == tree) }
            #expect(try Self.events(Self.good) == expected)
        }
    }

    @Test func `count against each document's own bound`() throws {
        var limits = XMLLimits()
        limits.namesMax = 4
        // letter, Id, to and b: the bound holds with names that are known, and breaks with one more.
        for _ in 0..<3 {
            #expect(try Self.events(Self.good, limits: limits).count > 0)
            let more = String(decoding: Self.good, as: UTF8.self).replacing("<a:to/>", with: "<a:more/>")
            #expect(throws: XMLError.self) { try Self.events(Array(more.utf8), limits: limits) }
            _ = try Self.events(Array(more.utf8))
        }
    }

    @Test func `are held to the reader's bound on their length although they are known`() throws {
        let name = String(repeating: "n", count: 100)
        let document = Array("<\(name)/>".utf8)
        _ = try Self.events(document)
        var limits = XMLLimits()
        limits.nameBytesMax = 99
        #expect(throws: XMLError.self) { try Self.events(document, limits: limits) }
        limits.nameBytesMax = 100
        #expect(try Self.events(document, limits: limits).count == 2)
    }

    private static func leavesNames(_ document: String, finishing: Bool = true) -> Bool {
        let log = EventLog()
        let reader = XMLEventReader(handler: log)
        try? reader.feed(Array(document.utf8))
        if finishing { try? reader.finish() }
        return reader.leavesNames
    }

    @Test func `are left by a document that was read whole, and by no other`() {
        #expect(Self.leavesNames(String(decoding: Self.good, as: UTF8.self)))
        #expect(!Self.leavesNames("<a><unique-1/>"))
        #expect(!Self.leavesNames("<a><unique-1/></b>"))
        #expect(!Self.leavesNames("<!DOCTYPE a><a/>"))
        #expect(!Self.leavesNames("<a><unique-1/></a>", finishing: false))
    }

    @Test func `are not left by a document that had very many, or very long ones`() {
        let many = (0..<600).map { "<n\($0)/>" }.joined()
        #expect(!Self.leavesNames("<a>\(many)</a>"))
        let long = (0..<60).map { "<n xmlns=\"urn:\(String(repeating: "x", count: 900))\($0)\"/>" }
        #expect(!Self.leavesNames("<a>\(long.joined())</a>"))
    }

    /// Else a table would hand out another document's name for an address that means something new.
    @Test func `are new once for each document`() throws {
        let numbers = try (0..<3).map { _ in
            let log = EventLog()
            let reader = XMLEventReader(handler: log)
            try reader.feed(Self.good)
            try reader.finish()
            return reader.names.documentCount
        }
        #expect(numbers == [4, 4, 4])
    }
}
