import Testing
import Transport

@Suite struct `Where an address leads` {
    @Test(arguments: [
        "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1", "100.127.255.255", "0.0.0.0", "192.0.0.1", "192.0.2.7", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2001::1", "3fff::1",
        "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "64:ff9b::192.168.0.1", "2002:7f00:1::",
        "2002:c0a8:101::1", "100::1", "5f00::1",
    ])
    func `is not public`(_ text: String) throws {
        #expect(try #require(SocketAddress(host: text, port: 443)).isPublic == false)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.0.1",
        "198.17.0.1", "223.255.255.254", "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8", "2002:808:808::1",
    ])
    func `is public`(_ text: String) throws {
        #expect(try #require(SocketAddress(host: text, port: 443)).isPublic)
    }

    @Test func `is in a block or not, bit by bit`() throws {
        let block = try #require(AddressRange("10.20.0.0/15"))
        for (text, isInside) in [
            ("10.20.0.1", true), ("10.21.255.255", true), ("10.22.0.0", false), ("10.19.255.255", false),
            ("::ffff:10.20.0.1", false),
        ] {
            #expect(block.contains(try #require(SocketAddress(host: text, port: 1))) == isInside, "\(text)")
        }
        let one = try #require(AddressRange("fd00::5"))
        #expect(one.contains(try #require(SocketAddress(host: "fd00::5", port: 1))))
        #expect(!one.contains(try #require(SocketAddress(host: "fd00::4", port: 1))))
        for text in [
            "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "x/8", "10.0.0/8", "::/129",
        ] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        #expect(
            AddressRange("0.0.0.0/0")?.contains(try #require(SocketAddress(host: "9.9.9.9", port: 1))) == true
        )
    }
}
