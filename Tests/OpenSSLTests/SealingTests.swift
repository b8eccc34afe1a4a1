import Exchange
import OpenSSL
import Testing

@Suite struct Sealing {
    private let key = SealingKey([UInt8](0..<32))!
    private let secret = Array("bí mật của một cơ quan".utf8)
    private let place = Array("H37.12".utf8)

    @Test func `gives back what was sealed, for the same place and key only`() {
        let sealed = key.seal(secret, for: place)
        #expect(key.open(sealed, for: place) == secret)
        #expect(key.open(sealed, for: Array("H37.14".utf8)) == nil)
        #expect(SealingKey([UInt8](1...32))?.open(sealed, for: place) == nil)
        #expect(key.open(key.seal([], for: []), for: []) == [])
    }

    @Test func `notices every changed byte`() {
        let sealed = key.seal(secret, for: place)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(key.open(changed, for: place) == nil)
        }
        for count in 0..<sealed.count { #expect(key.open(Array(sealed.prefix(count)), for: place) == nil) }
    }

    @Test func `is different each time, and shows nothing of the secret`() {
        let (first, second) = (key.seal(secret, for: place), key.seal(secret, for: place))
        #expect(first != second)
        #expect(first.prefix(12) != second.prefix(12))
        #expect(!first.contains(secret[0...3]))
    }

    /// Test case 16 of the submission of GCM to NIST, its tag behind the ciphertext as we write it.
    @Test func `agrees with a published vector`() throws {
        let key = try #require(
            Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").flatMap {
                SealingKey($0)
            })
        let sealed = try #require(
            Hex.decode(
                "cafebabefacedbaddecaf888"
                    + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                    + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                    + "76fc6ece0f4e1768cddf8853bb2d551b"))
        let place = try #require(Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        #expect(
            key.open(sealed, for: place).map { Hex.encode($0) }
                == "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
    }

    @Test func `needs a key of 32 bytes`() {
        #expect(SealingKey([UInt8](repeating: 0, count: 31)) == nil)
    }
}

@Suite struct `An HMAC` {
    /// RFC 4231, cases 1, 2 and 6.
    @Test func `agrees with published vectors`() {
        func code(_ key: [UInt8], _ text: String) -> String {
            Hex.encode(MessageAuthentication.hmacSHA256(key: key, Array(text.utf8)))
        }
        #expect(
            code([UInt8](repeating: 0x0B, count: 20), "Hi There")
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            code(Array("Jefe".utf8), "what do ya want for nothing?")
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            code(
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First"
            )
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
