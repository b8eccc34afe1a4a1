import Files
import Foundation
import OpenSSL
import Signature
import Synchronization

/// Signed letters that differ in their number, made when they are asked for and the same ever after.
final class LetterSupply: Sendable {
    /// Every so many letters one is larger than what the hub keeps in memory.
    private static let largeEvery = 16
    private static let largeBytes = 560 << 10

    private let folder: String
    private let template: String
    private let signer: XMLSigner
    private let made = Mutex<[Int: [UInt8]]>([:])

    /// - Parameter usesLarge: some letters take the way over the spool.
    init(_ world: World, usesLarge: Bool = false) throws {
        folder = world.folder
        _ = try world.letter(subject: "V/v bền vững")
        template = String(decoding: try world.bytes(world.path("1.unsigned.edxml")), as: UTF8.self)
        self.usesLarge = usesLarge
        signer = XMLSigner(
            try SigningIdentity(
                certificate: try Certificate(pem: try world.bytes(world.path("\(World.sender).sign.pem"))),
                key: try PrivateKey(pem: try world.bytes(world.path("\(World.sender).sign.key"))),
                chain: [try Certificate(pem: try world.bytes(world.path("agency-ca.pem")))]))
    }

    private let usesLarge: Bool

    func letter(_ number: Int) throws -> [UInt8] {
        if let known = made.withLock({ $0[number] }) { return known }
        // An ECDSA signature is another one each time: whoever is first decides.
        let bytes = try make(number)
        return made.withLock { made in
            if let known = made[number] { return known }
            made[number] = bytes
            return bytes
        }
    }

    private func make(_ number: Int) throws -> [UInt8] {
        var text = template.replacingOccurrences(of: ",1/TEST", with: ",C\(number)/TEST")
        if usesLarge, number % Self.largeEvery == Self.largeEvery - 1 {
            let filler = "<!--" + String(repeating: "x", count: Self.largeBytes) + "-->"
            text = text.replacingOccurrences(of: "<edXMLEnvelope>", with: "<edXMLEnvelope>" + filler)
        }
        let name = folder + "/letter-\(number)-\(UUID().uuidString)"
        try text.write(toFile: name + ".unsigned", atomically: false, encoding: .utf8)
        defer { for end in ["", ".unsigned"] { unlink(name + end) } }
        let signed = try File(name, .createNew)
        try signer.sign(try File(name + ".unsigned", .read), to: signed)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: name)))
    }
}
