import Exchange
import Foundation
import Storage
import Testing

@Suite struct `What an agency sent` {
    @Test func `comes in pages that are bounded by deliveries, and none is left out`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let all = ["H31.7", "H31.45.2", "H99"]
        let sent = [letter("1", to: all), letter("2", to: ["H31.7"]), letter("3", to: all)]
        for document in sent { _ = try fixture.accept(document) }
        let reader = try fixture.reader()
        let start = Instant(milliseconds: 0)
        for (limit, deliveriesMax) in [(10, 2), (1, 10), (2, 3), (10, 7), (10, 1)] {
            var found: [String: Int] = [:]
            var position: OutboxPosition?
            var pages = 0
            repeat {
                let page = try reader.outbox(
                    sender: "H37.12", since: start, from: position, limit: limit,
                    deliveriesMax: deliveriesMax)
                #expect(page.documents.count <= limit && !page.documents.isEmpty)
                #expect(page.documents.reduce(0) { $0 + $1.deliveries.count } <= deliveriesMax)
                for document in page.documents {
                    for delivery in document.deliveries {
                        found["\(document.summary.key) \(delivery.recipient)", default: 0] += 1
                    }
                }
                // As it goes over the wire.
                position = try page.next.map { try #require(OutboxPosition("\($0)")) }
                pages += 1
            } while position != nil && pages < 20
            #expect(found.count == 7 && found.values.allSatisfy { $0 == 1 }, "\(limit) \(deliveriesMax)")
            #expect(pages == (deliveriesMax == 7 ? 1 : pages))
        }
        for text in ["", "1", "1-2", "1-2-3-4", "a-2-3", "1--3", "99999999999999999999-1-1", "-1-2-3"] {
            #expect(OutboxPosition(text) == nil, "\(text)")
        }
        let beyond = try reader.outbox(
            sender: "H37.12", since: start, from: OutboxPosition("0-1-9223372036854775807"), limit: 10)
        #expect(beyond.documents.count == 3)
    }

    @Test func `concerns those who have a copy of it`() throws {
        let fixture = try Fixture(agencies: ["H37.12", "H31.7", "H31.45.2", "H99"])
        let documents = [
            letter("1", to: ["H31.7", "H31.45.2", "H99"]), letter("2", to: ["H31.7"]),
            letter("3", to: ["H99"]), letter("4", to: ["H31.45.2", "H31.7"]),
        ]
        for document in documents { _ = try fixture.accept(document) }
        let reader = try fixture.reader()
        for document in documents {
            for agency in ["H31.7", "H31.45.2", "H99", "H37.12", "nobody"] {
                let code = AgencyCode(agency)
                #expect(
                    try reader.isRecipient(code, of: document.key) == document.recipients.contains(code))
            }
        }
        #expect(try !reader.isRecipient("H31.7", of: letter("5").key))
    }
}
