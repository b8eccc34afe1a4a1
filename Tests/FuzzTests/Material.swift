import EdXML
import Exchange
import Foundation
import OpenSSL
import Signature
import XML

/// What the entries are judged against: a trust list, a log's key, what was really signed. Made once by
/// `SeedMaker`, whose private keys nobody kept.
enum Material {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    /// Inside the validity of all that `SeedMaker` issues.
    static let time = Instant(year: 2026, month: 11, day: 20, hour: 12)!

    static func file(_ name: String) -> [UInt8] {
        let url = folder.appendingPathComponent("Material/\(name)")
        guard let data = try? Data(contentsOf: url) else { preconditionFailure("no \(url.path)") }
        return Array(data)
    }

    static func text(_ name: String) -> String { String(decoding: file(name), as: UTF8.self) }

    static let trust: TrustStore = {
        let certificates = try! Certificate.all(in: file("trust.pem"))
        let lists = try! CertificateList.all(in: file("crl.pem"))
        return TrustStore(certificates: certificates, revocation: RevocationData(lists: lists))
    }()

    static let signatures = SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy())

    static let signers = try! Certificate.all(in: file("signers.pem"))
    static let lists = Set(try! CertificateList.all(in: file("crl.pem")).map(\.sha256))
    static let response = try! OCSPResponse(der: file("response.der"))

    /// Whether what came along may be the ground for that answer. Certificates lie beside an OCSP response
    /// unsigned, so its bytes may differ; what it says may not.
    static func isTrue(_ status: RevocationStatus, of signer: Certificate) -> Bool {
        switch status {
        case .unknown: return true
        case .revoked(_, _, let source): return !source.isEmbedded || lists.contains(source.sha256)
        case .good(let source):
            if !source.isEmbedded || lists.contains(source.sha256) { return true }
            let said = response.statements[0]
            return source.kind == .ocsp && signer.sha256 == signers[0].sha256
                && source.thisUpdate == said.thisUpdate && source.nextUpdate == said.nextUpdate
        }
    }

    /// What the token was made over, and when that may be judged.
    static let stamped = file("content.bin")
    static let genTime = signatures.judge(
        token: file("token.tsr"), over: stamped, now: Instant(year: 2030, month: 1, day: 1)!
    ).genTime
    /// Certificates that may be trusted, by their bytes.
    static let issued = Set((signers + trust.anchors + trust.intermediates).map(\.sha256))

    /// What the signed seeds say.
    static let signedLetters: [Letter] =
        Seeds.of("signed-letter").compactMap { seed in
            let reader = EdXMLReader(limits: EdXMLLimits())
            let signature = XMLSignatureReader()
            let parser = XMLEventReader(handler: XMLEventTee(reader, signature))
            guard (try? parser.feed(seed.bytes)) != nil, (try? parser.finish()) != nil,
                signatures.verify(signature.evidence(), at: time).indication == .totalPassed
            else { return nil }
            return (try? reader.message())?.letter
        }
}

/// Files to begin with, small, in the folder of their entry.
enum Seeds {
    struct Seed {
        let name: String
        let bytes: [UInt8]
    }

    static func of(_ entry: String) -> [Seed] {
        let folder = Material.folder.appendingPathComponent("Seeds/\(entry)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().compactMap { name in
            FileManager.default.contents(atPath: folder.appendingPathComponent(name).path)
                .map { Seed(name: name, bytes: Array($0)) }
        }
    }

    /// Words of libFuzzer's dictionary for that entry: `name="a\x00\"b"`, one a line.
    static func words(of entry: String) -> [[UInt8]] {
        let path = Material.folder.appendingPathComponent("Dictionaries/\(entry).dict").path
        guard let bytes = FileManager.default.contents(atPath: path) else { return [] }
        return bytes.split(separator: 0x0A).compactMap { line in
            guard line.first != 0x23, let start = line.firstIndex(of: 0x22),
                let end = line.lastIndex(of: 0x22), start < end
            else { return nil }
            return unescaped(Array(line[(start + 1)..<end]))
        }
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var word: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x5C, index + 3 < text.count, text[index + 1] == 0x78 {
                word.append(
                    UInt8(String(decoding: text[(index + 2)...(index + 3)], as: UTF8.self), radix: 16) ?? 0)
                index += 4
            } else {
                if text[index] == 0x5C { index += 1 }
                if index < text.count { word.append(text[index]) }
                index += 1
            }
        }
        return word
    }
}

extension EdXMLMessage {
    /// What a letter says, wherever in the file it says so; nil for a status message.
    var letter: Letter? {
        if case .letter(let letter) = self { letter } else { nil }
    }
}
