import Exchange
import HTTP
import OpenSSL
import Testing

@testable import VXP

@Suite struct `Signed parameters` {
    static let secret = Array("test-secret-not-real".utf8)

    /// Captured from the vendor's library; the secret was made for that.
    static let captures: [(signed: String, code: String)] = [
        (
            #"""
            {"XroadVnpt-systemid":"H37.12",\#
            "XroadVnpt-timestamp":"22112026T073316+0058",\#
            "XroadVnpt-Content-Type":"application/json"}
            """#,
            "a824db8d801088371e1a4c504576e9b60647056dd88cc1ca21f5a8e7f198f057"
        ),
        (
            #"""
            {"XroadVnpt-systemid":"H37.12",\#
            "XroadVnpt-servicetype":"eDoc",\#
            "XroadVnpt-messagetype":"edoc",\#
            "XroadVnpt-timestamp":"22112026T073317+0805",\#
            "XroadVnpt-Content-Type":"application/json"}
            """#,
            "3e7a3fec5deb361052fd7004530934508f840afde8abea587962d8275377389e"
        ),
        (
            #"""
            {"XroadVnpt-systemid":"H37.12",\#
            "XroadVnpt-servicetype":"eDoc",\#
            "XroadVnpt-messagetype":"status",\#
            "XroadVnpt-hash-file":"414c64adf9daf54c5bd32ef478e132af58366fb5cbe4c11cbd90553aaa48fc82",\#
            "XroadVnpt-from":"H37.12",\#
            "XroadVnpt-to":"[\"H31\",\"H32\"]",\#
            "XroadVnpt-timestamp":"22112026T073319+0278",\#
            "XroadVnpt-Content-Type":"application/octet-stream"}
            """#,
            "94202af2ba337666b150d2c89c336f6e455db31bd17b28baff1e4ac2352841e6"
        ),
        (
            #"""
            {"XroadVnpt-systemid":"H37.12",\#
            "XroadVnpt-docid":"d-1",\#
            "XroadVnpt-timestamp":"22112026T073319+0501",\#
            "XroadVnpt-Content-Type":"application/json",\#
            "XroadVnpt-status":"done"}
            """#,
            "42c2beeb2f31b1d87d04827016cfabf2c466159001e3dbcafd0b0a5fdcf1acf0"
        ),
    ]

    private func parameters(_ signed: String, _ code: String) throws -> SignedParameters {
        try SignedParameters(signed: Array(signed.utf8), code: Array(code.utf8))
    }

    @Test(arguments: captures.indices) func `of the captures verify and no other secret's`(_ index: Int)
        throws
    {
        let capture = Self.captures[index]
        let read = try parameters(capture.signed, capture.code)
        #expect(read.isSigned(with: Self.secret))
        #expect(read["systemid"] == "H37.12")
        #expect(!read.isSigned(with: Array("test-secret-not-rea1".utf8)))
        // One byte of either changed.
        #expect(
            try !parameters(capture.signed.replacing("H37.12", with: "H37.13"), capture.code).isSigned(
                with: Self.secret))
        let last = capture.code.last == "0" ? "1" : "0"
        #expect(try !parameters(capture.signed, capture.code.dropLast() + last).isSigned(with: Self.secret))
    }

    @Test func `are those of the bytes as they came, not of the JSON written anew`() throws {
        let spaced = Self.captures[0].signed.replacing(",", with: ", ")
        #expect(try !parameters(spaced, Self.captures[0].code).isSigned(with: Self.secret))
    }

    @Test func `keep the letter case of their names`() throws {
        let read = try parameters(
            #"{"XroadVnpt-docid":"old","XroadVnpt-docId":"new","XroadVnpt-to":"[\"H31\"]"}"#, "00")
        #expect(read["docid"] == "old")
        #expect(read["docId"] == "new")
        #expect(read["DOCID"] == nil)
        #expect(read["to"] == #"["H31"]"#)
    }

    @Test func `come from the JSON, whatever other headers say`() throws {
        var fields = Fields()
        fields.append("XroadVnpt-docId", "from an earlier call")
        fields.append("XroadVnpt-sign-header", #"{"XroadVnpt-systemid":"H37.12","XroadVnpt-docId":"now"}"#)
        fields.append("XroadVnpt-hash-header", "00")
        #expect(try SignedParameters(fields)["docId"] == "now")
    }

    @Test(arguments: [
        "", "[]", "null", "1", #"{"XroadVnpt-systemid":1}"#, #"{"XroadVnpt-systemid":null}"#,
        #"{"XroadVnpt-systemid":"a","XroadVnpt-systemid":"b"}"#, #"{"XroadVnpt-to":["H31"]}"#,
        #"{"XroadVnpt-systemid":"a"} x"#, "{", String(repeating: "[", count: 40_000),
    ])
    func `of another form are refused`(_ text: String) {
        #expect(throws: VXPFailure.self) { try parameters(text, "00") }
    }

    @Test func `need each of the two headers once`() {
        let signed = Self.captures[0]
        for (texts, codes) in [(0, 1), (1, 0), (2, 1), (1, 2)] {
            var fields = Fields()
            for _ in 0..<texts { fields.append("XroadVnpt-sign-header", signed.signed) }
            for _ in 0..<codes { fields.append("xroadvnpt-HASH-header", signed.code) }
            #expect(throws: VXPFailure.self) { try SignedParameters(fields) }
        }
    }
}

@Suite struct `A file's hash` {
    @Test func `is right with and without leading zeros`() throws {
        let digest = SHA256.hash(Array(#"<a n="19"/>"#.utf8))
        let padded = "0bc86423c75789ad1562dedbe8e0d7085bbd048118bb8a7eb0813b4eba94bc79"
        let unpadded = "bc86423c75789ad1562dedbe8e0d785bbd48118bb8a7eb0813b4eba94bc79"
        #expect(FileHash.unpadded(digest) == unpadded)
        #expect(FileHash.matches(padded, digest))
        #expect(FileHash.matches(unpadded, digest))
        #expect(FileHash.matches(padded.uppercased(), digest))
        for wrong in ["", "0", padded.dropLast() + "8", unpadded.dropFirst() + "", padded + "0"] {
            #expect(!FileHash.matches(String(wrong), digest))
        }
    }
}
