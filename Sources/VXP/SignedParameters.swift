internal import Exchange
package import HTTP
internal import JSON
internal import OpenSSL

/// What a caller asks, as it signed it: the parameters in the JSON of `XroadVnpt-sign-header`.
///
/// Nothing else of a request is believed. Client objects keep the headers of earlier calls, so that `docId`
/// and `docid` may both be there with different values, and a header may hold an older value than the JSON.
package struct SignedParameters: Sendable {
    /// Names are told apart by letter case, values are as they were signed.
    private let values: [String: String]
    /// The bytes that were signed, and their code as it came.
    private let signed: [UInt8]
    private let code: [UInt8]

    package static let prefix = "XroadVnpt-"
    private static let countMax = 200

    /// Reads the two fields; says nothing about whether the code is right.
    package init(_ fields: Fields) throws(VXPFailure) {
        let texts = fields.values(of: Self.prefix + "sign-header")
        let codes = fields.values(of: Self.prefix + "hash-header")
        // Two of them: who knows which one the next server believes.
        guard texts.count == 1, codes.count == 1 else {
            throw VXPFailure(
                .badCredential,
                "can dung mot header XroadVnpt-sign-header va mot header XroadVnpt-hash-header")
        }
        try self.init(signed: Array(texts[0].utf8), code: Array(codes[0].utf8))
    }

    package init(signed: [UInt8], code: [UInt8]) throws(VXPFailure) {
        self.signed = signed
        self.code = Hex.decode(String(decoding: code, as: UTF8.self)) ?? []
        values = try Self.read(signed)
    }

    /// Whether one who knows `secret` signed these bytes; takes the same time whatever the code.
    package func isSigned(with secret: [UInt8]) -> Bool {
        ConstantTime.equal(MessageAuthentication.hmacSHA256(key: secret, signed), code)
    }

    package subscript(name: String) -> String? { values[name] }

    /// As `subscript`, nil where it is empty.
    package func text(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// True where something stands in it that one of the client's two ways of sending destroys.
    package var hasNonASCII: Bool { signed.contains { $0 >= 0x80 } }

    private static func read(_ bytes: [UInt8]) throws(VXPFailure) -> [String: String] {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw VXPFailure(.badCredential, "XroadVnpt-sign-header khong phai JSON hop le")
        }
        guard let members = value.object, members.count <= countMax else {
            throw VXPFailure(.badCredential, "XroadVnpt-sign-header khong phai doi tuong JSON cua cac chuoi")
        }
        var values: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else {
                throw VXPFailure(
                    .badCredential, "XroadVnpt-sign-header: moi gia tri trong JSON phai la chuoi")
            }
            guard member.name.utf8.starts(with: prefix.utf8) else { continue }
            values[String(member.name.dropFirst(prefix.count))] = text
        }
        return values
    }
}
