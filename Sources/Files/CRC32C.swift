internal import CLinux

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and flipped bytes, proves nothing against a
/// forger.
package struct CRC32C: Sendable {
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    package mutating func update(_ bytes: Span<UInt8>) {
        state = unsafe bytes.withUnsafeBytes { unsafe lt_crc32c(state, $0.baseAddress, $0.count) }
    }

    package mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    package var value: UInt32 { ~state }
}
