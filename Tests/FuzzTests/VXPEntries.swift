import Exchange
import Foundation
import Hub
import JSON
import OpenSSL
import VXP

let vxpEntries = [
    // What anybody may send before he is known: the signed header, and texts that are looked up.
    Entry("vxp-header", mutations: 300) { bytes in
        let secret = Array("a secret for this".utf8)
        let code = Array(Hex.encode(MessageAuthentication.hmacSHA256(key: secret, bytes)).utf8)
        if let read = try? SignedParameters(signed: bytes, code: code) {
            try check(read.isSigned(with: secret), "signed, and not believed")
            try check(!read.isSigned(with: secret + [1]), "believed with another secret")
            let value = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
            for (name, text) in value ?? [:] where name.hasPrefix(SignedParameters.prefix) {
                let key = String(name.dropFirst(SignedParameters.prefix.count))
                try check(read[key]?.utf8.count == (text as? String)?.utf8.count, "\(key) is another text")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let plain = UnaccentedText.ascii(text)
        try check(plain.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "unaccented text that is not plain")
        let reply = Reply.ascii(JSONWriter.object { $0.member("text", text) })
        try check(reply.allSatisfy { $0 < 0x80 }, "a reply that is not ASCII")
        try check(try JSONReader.read(reply)["text"]?.string.map { Array($0.utf8) } == bytes, "another text")
        if let delivery = TransportID.delivery(in: text) {
            try check((0..<1 << 48).contains(delivery), "a number that no identifier holds")
        }
        if let block = AddressBlock(text) { _ = block.contains("192.0.2.1") || block.contains("2001:db8::1") }
        _ = FileHash.matches(text, SHA256.hash(bytes))
    }
]
