import Testing

@testable import XML

@Suite struct `A scan` {
    private struct Rule {
        let find: (UnsafeBufferPointer<UInt8>, Int) -> Int
        let stops: (UInt8) -> Bool
    }

    private static var rules: [Rule] {
        [
            Rule(
                find: { ByteScan.gateStop($0, from: $1) },
                stops: { $0 >= 0x80 || ($0 < 0x20 && $0 != 0x09 && $0 != 0x0A) }),
            Rule(
                find: { ByteScan.plainStop($0, from: $1) },
                stops: {
                    [0x3C, 0x3E, 0x26, 0x5D].contains($0) || $0 >= 0x80
                        || ($0 < 0x20 && $0 != 0x09 && $0 != 0x0A)
                }),
            Rule(
                find: { ByteScan.textSpecial($0, from: $1) },
                stops: { $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x0D }),
        ]
    }

    /// Vectors of 32 bytes, and what is left at the end: every byte at every place of both.
    @Test(arguments: 0..<3) func `finds every byte that it stops at, wherever it stands`(number: Int) {
        let rule = Self.rules[number]
        for byte in UInt8.min...UInt8.max {
            for length in [1, 11, 12, 13, 31, 32, 33, 64, 71] {
                for place in 0..<length {
                    var bytes = [UInt8](repeating: 0x41, count: length)
                    bytes[place] = byte
                    let found = bytes.withUnsafeBufferPointer { rule.find($0, 0) }
                    #expect(found == (rule.stops(byte) ? place : length))
                }
            }
        }
    }

    @Test(arguments: 0..<3) func `passes over what stands before its start`(number: Int) {
        let rule = Self.rules[number]
        var bytes = [UInt8](repeating: 0x41, count: 200)
        for place in [3, 40, 41, 150] { bytes[place] = 0x26 }
        let stops = rule.stops(0x26) ? [3, 40, 41, 150] : []
        for start in 0...200 {
            let found = bytes.withUnsafeBufferPointer { rule.find($0, start) }
            #expect(found == stops.first { $0 >= start } ?? 200)
        }
    }
}
