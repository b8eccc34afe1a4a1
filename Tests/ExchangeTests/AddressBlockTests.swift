import Exchange
import Testing

@Suite struct `A block of addresses` {
    @Test(arguments: [
        ("10.20.0.0/16", "10.20.255.1", "10.21.0.1"), ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"), ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("::1", "0:0:0:0:0:0:0:1", "::2"), ("10.0.0.0/8", "::ffff:10.9.8.7", "::10.9.8.7"),
        ("fe80::/10", "febf::1", "fec0::1"), ("192.0.2.128/25", "192.0.2.255", "192.0.2.127"),
    ])
    func `holds what begins like it`(_ block: String, _ inside: String, _ outside: String) throws {
        let block = try #require(AddressBlock(block))
        #expect(block.contains(inside))
        #expect(!block.contains(outside))
        #expect(!block.contains("not an address"))
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "10.0.0.0.0", "010.0.0.1", "256.0.0.1", "10.0.0.0/",
        "10.0.0.0/-1", "::/129", "1::2::3", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::", "12345::",
        "1:2:3:4:5:6:7::8:9", "::1.2.3", "10.0.0.0/8/8", " 10.0.0.1",
    ])
    func `is nothing else`(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
