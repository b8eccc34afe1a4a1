/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
package struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bitCount: Int

    /// Nil where `text` is no address with a length that it can have.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = SocketAddress(host: String(parts[0]), port: 1) else { return nil }
        bytes = address.address
        guard parts.count == 2 else {
            bitCount = bytes.count * 8
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(parts[1]),
            count <= bytes.count * 8
        else { return nil }
        bitCount = count
    }

    fileprivate init(_ bytes: [UInt8], _ bitCount: Int) {
        self.bytes = bytes
        self.bitCount = bitCount
    }

    package func contains(_ address: SocketAddress) -> Bool { contains(address.address) }

    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        return (0..<bitCount).allSatisfy { bit in
            (bytes[bit / 8] ^ other[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}

extension SocketAddress {
    /// On the public internet, as far as the address tells. The others lead to this machine, to its network,
    /// or to the services that clouds keep behind link-local addresses: a caller that names a host must not
    /// be able to make the hub talk to them.
    package var isPublic: Bool {
        if !isIPv6 { return !Self.closed4.contains { $0.contains(address) } }
        // An IPv4 address in IPv6's clothes is judged by what it is.
        if let inner = embedded4 {
            return SocketAddress(address: inner, port: port).isPublic
        }
        return AddressRange([0x20], 3).contains(prefixed: address)
            && !Self.closed6.contains { $0.contains(address) }
    }

    private var embedded4: [UInt8]? {
        let head = address.prefix(12)
        // ::ffff:a.b.c.d, ::a.b.c.d, 64:ff9b::a.b.c.d, and 2002:abcd::.
        if head.prefix(10).allSatisfy({ $0 == 0 }), head.suffix(2).allSatisfy({ $0 == 0xFF }) {
            return Array(address[12...])
        }
        if head.allSatisfy({ $0 == 0 }) { return Array(address[12...]) }
        if head.elementsEqual([0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)) {
            return Array(address[12...])
        }
        if address.starts(with: [0x20, 0x02]) { return Array(address[2..<6]) }
        return nil
    }

    /// RFC 6890 and its successors: this network, private, shared, loopback, link-local, protocol
    /// assignments, documentation, benchmarks, multicast, reserved.
    private static let closed4: [AddressRange] = [
        AddressRange([0, 0, 0, 0], 8), AddressRange([10, 0, 0, 0], 8), AddressRange([100, 64, 0, 0], 10),
        AddressRange([127, 0, 0, 0], 8), AddressRange([169, 254, 0, 0], 16),
        AddressRange([172, 16, 0, 0], 12),
        AddressRange([192, 0, 0, 0], 24), AddressRange([192, 0, 2, 0], 24),
        AddressRange([192, 88, 99, 0], 24),
        AddressRange([192, 168, 0, 0], 16), AddressRange([198, 18, 0, 0], 15),
        AddressRange([198, 51, 100, 0], 24), AddressRange([203, 0, 113, 0], 24),
        AddressRange([224, 0, 0, 0], 4), AddressRange([240, 0, 0, 0], 4),
    ]

    /// What of 2000::/3 is not for everybody: Teredo and other protocol assignments, documentation.
    private static let closed6: [AddressRange] = [
        AddressRange([0x20, 0x01, 0x00, 0x00] + [UInt8](repeating: 0, count: 12), 23),
        AddressRange([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 12), 32),
        AddressRange([0x3F, 0xFF] + [UInt8](repeating: 0, count: 14), 20),
    ]
}

extension AddressRange {
    fileprivate func contains(prefixed other: [UInt8]) -> Bool {
        AddressRange(bytes + [UInt8](repeating: 0, count: other.count - bytes.count), bitCount)
            .contains(other)
    }
}
