/// Addresses that begin alike: `10.20.0.0/16`, `2001:db8::/32`, or one address alone.
package struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    /// 16 bytes; IPv4 as `::ffff:a.b.c.d`, so that one address has one form.
    private let prefix: [UInt8]
    /// Of the 128.
    private let bitCount: Int
    /// As it was written.
    package let description: String

    /// Nil where `text` is no address or block, or where bits behind the block's length are set: `10.1.2.3/8`
    /// is more likely a mistake than a network.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = Self.bytes(of: String(address)) else { return nil }
        let isIPv4 = !address.utf8.contains(0x3A)
        var bits = 128
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count),
                parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]),
                number <= (isIPv4 ? 32 : 128)
            else { return nil }
            bits = isIPv4 ? 96 + number : number
        }
        guard Self.masked(bytes, bits) == bytes else { return nil }
        prefix = bytes
        bitCount = bits
        description = text
    }

    /// - Parameter address: as `Peer.address` has it, without a port; false where it is no address.
    package func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address) else { return false }
        return Self.masked(bytes, bitCount) == prefix
    }

    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(bits - 8 * index, 0), 8)
            return kept == 0 ? 0 : byte & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
        }
    }

    private static func bytes(of address: String) -> [UInt8]? {
        if !address.utf8.contains(0x3A) {
            return fourBytes(address[...]).map { [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + $0 }
        }
        let bytes = Array(address.utf8)
        let gaps = bytes.indices.dropLast().filter { bytes[$0] == 0x3A && bytes[$0 + 1] == 0x3A }
        guard gaps.count <= 1 else { return nil }
        guard let gap = gaps.first else {
            return groups(address[...]).flatMap { $0.count == 16 ? $0 : nil }
        }
        let middle = address.utf8.index(address.startIndex, offsetBy: gap)
        let rest = address[address.utf8.index(middle, offsetBy: 2)...]
        guard let head = gap == 0 ? [] : groups(address[..<middle]),
            let tail = rest.isEmpty ? [] : groups(rest), head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// `2001:db8:1`, the last group perhaps as `192.0.2.1`.
    private static func groups(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        for (place, group) in groups.enumerated() {
            if place == groups.count - 1, group.utf8.contains(0x2E) {
                guard let four = fourBytes(group) else { return nil }
                bytes += four
            } else {
                let isHexadecimal = group.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte)
                        || (0x61...0x66).contains(byte)
                }
                guard (1...4).contains(group.utf8.count), isHexadecimal, let value = UInt16(group, radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func fourBytes(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero would be octal to some.
            guard (1...3).contains(part.utf8.count), part.utf8.first != 0x30 || part.utf8.count == 1,
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
