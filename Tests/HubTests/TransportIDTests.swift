import Exchange
import Foundation
import Hub
import Testing

@Suite struct `A transport identifier` {
    private let key = DocumentKey(bytes: [UInt8](0..<16))!

    @Test func `is a UUID that gives its number back`() throws {
        for delivery in [0, 1, 255, 4_294_967_296, 281_474_976_710_655] as [Int64] {
            let id = TransportID(.recipient, delivery: delivery, of: key).description
            #expect(UUID(uuidString: id) != nil)
            #expect(id == id.lowercased())
            #expect(TransportID.delivery(in: id) == delivery)
            #expect(id[id.index(id.startIndex, offsetBy: 14)] == "8")
        }
    }

    @Test func `is another one for another role, number or document`() {
        let other = DocumentKey(bytes: [UInt8](1...16))!
        let all = [
            TransportID(.recipient, delivery: 7, of: key), TransportID(.sender, delivery: 7, of: key),
            TransportID(.recipient, delivery: 8, of: key), TransportID(.recipient, delivery: 7, of: other),
        ]
        #expect(Set(all).count == 4)
        #expect(all[0].matches(all[0].description.uppercased()))
        #expect(!all[0].matches(all[1].description))
    }

    @Test(arguments: [
        "", "d-1", "../../etc/passwd", "H37.12,2026/11/20,482/A", "00000000-0001-8679-958d-8ab01df502e/",
    ])
    func `is no other text`(_ text: String) {
        #expect(TransportID.delivery(in: text) == nil)
    }
}
