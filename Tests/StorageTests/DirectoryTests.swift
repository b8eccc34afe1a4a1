import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `The directory` {
    let first = SHA256.hash([1])
    let second = SHA256.hash([2])

    @Test func `comes back as it was put`() throws {
        let fixture = try Fixture(agencies: [])
        let agencies = [
            Agency(
                code: "A", name: "Sở Nội vụ", aliases: ["000.00.12.H37", "H37.OLD"], parent: "B", level: 2,
                status: .locked, transportCertificates: [first], signingCertificates: [second],
                signaturePolicy: .warn, unknownRevocation: .hold),
            Agency(code: "B", name: "UBND"),
        ]
        let principals = [Principal(name: "Thanh tra", role: .auditor, certificates: [SHA256.hash([3])])]
        #expect(try fixture.reader().directory().isEmpty)
        try fixture.commit(.putAgencies(agencies, replaceAll: true), .putPrincipals(principals))
        let directory = try fixture.reader().directory()
        #expect(directory.agencies == agencies && directory.principals == principals)
        #expect(fixture.tree.size == 2)
    }

    @Test func `retires whom a replacement leaves out, and frees what belonged to them`() throws {
        let fixture = try Fixture(agencies: [])
        let old = Agency(code: "A", name: "old", aliases: ["X"], transportCertificates: [first])
        try fixture.commit(.putAgencies([old], replaceAll: true))
        let new = Agency(code: "B", name: "new", aliases: ["X"], transportCertificates: [first])
        #expect(try fixture.rejection(.putAgencies([new], replaceAll: false)) == .badRequest)
        #expect(try fixture.reader().directory().agencies == [old])
        #expect(try fixture.rejection(.putAgencies([new], replaceAll: true)) == nil)
        let agencies = try fixture.reader().directory().agencies
        #expect(agencies.map(\.status) == [.retired, .active])
        #expect(
            agencies[0].aliases.isEmpty && agencies[0].transportCertificates.isEmpty && agencies[1] == new)
    }

    @Test func `lets an alias move between two that come together`() throws {
        let fixture = try Fixture(agencies: [])
        let before = [
            Agency(code: "A", name: "", aliases: ["X"]), Agency(code: "B", name: "", aliases: ["Y"]),
        ]
        let after = [
            Agency(code: "A", name: "", aliases: ["Y"]), Agency(code: "B", name: "", aliases: ["X"]),
        ]
        try fixture.commit(.putAgencies(before, replaceAll: false))
        #expect(try fixture.rejection(.putAgencies(after, replaceAll: false)) == nil)
        #expect(try fixture.reader().directory().agencies == after)
    }

    @Test func `binds a certificate that names callers to one of them only`() throws {
        let fixture = try Fixture()
        let bind = Change.bindCertificate(agency: "H31.7", use: .transport, certificate: first)
        #expect(try fixture.rejection(bind) == nil)
        #expect(try fixture.rejection(bind) == nil)
        #expect(
            try fixture.rejection(.bindCertificate(agency: "H37.12", use: .transport, certificate: first))
                == .badRequest)
        #expect(
            try fixture.rejection(.bindCertificate(agency: "H37.12", use: .signing, certificate: first))
                == nil)
        let principal = Principal(name: "p", role: .operator, certificates: [first])
        #expect(try fixture.rejection(.putPrincipals([principal])) == .badRequest)
        #expect(
            try fixture.rejection(.bindCertificate(agency: "none", use: .signing, certificate: first))
                == .notFound)
        let retire = Change.retireCertificate(agency: "H31.7", use: .transport, certificate: first)
        #expect(try fixture.rejection(retire) == nil)
        #expect(try fixture.rejection(retire) == .notFound)
        #expect(try fixture.rejection(.putPrincipals([principal])) == nil)
    }

    @Test func `rejects a change whole and goes on with the batch`() throws {
        let fixture = try Fixture()
        let clash = [
            Agency(code: "N1", name: "", aliases: ["Z"]), Agency(code: "N2", name: "", aliases: ["Z"]),
        ]
        let results = try fixture.commit(
            .putAgencies(clash, replaceAll: true), .accept(letter("1")), .retireAgency("none"))
        #expect(throws: Rejection.self) { try results[0].get() }
        #expect(throws: Never.self) { try results[1].get() }
        #expect(throws: Rejection.self) { try results[2].get() }
        #expect(try fixture.reader().directory().agencies.map(\.status) == [.active, .active, .active])
        #expect(fixture.tree.size == 2)
    }

    @Test func `remembers who sent something without being in it`() throws {
        let fixture = try Fixture()
        let sent = letter("1", from: "elsewhere")
        _ = try fixture.accept(sent)
        #expect(try fixture.reader().document(sent.key)?.summary.sender == "elsewhere")
        #expect(try fixture.rejection(.accept(letter("2", to: ["elsewhere"]))) == .recipientUnknown)
        #expect(try fixture.reader().directory().agencies.count == 3)
        // Status messages reach it all the same.
        #expect(try fixture.accept(status("01", of: sent, from: "H31.7")).recipients == ["elsewhere"])
    }

    @Test func `keeps the whole of a registered certificate, and of no other`() throws {
        let fixture = try Fixture(agencies: [])
        let registered = try Self.certificate("registered")
        let stranger = try Self.certificate("stranger")
        let agency = Agency(
            code: "A", name: "", transportCertificates: [registered.sha256],
            signingCertificates: [registered.sha256])
        try fixture.commit(.putAgencies([agency], replaceAll: true))
        let size = fixture.tree.size
        try fixture.commit(.keepCertificates([registered, stranger]), .keepCertificates([registered]))
        let kept = try fixture.reader().registeredCertificates()
        #expect(kept.map(\.der) == [registered.der, registered.der])
        #expect(kept.map(\.agency) == ["A", "A"] && kept.map(\.use) == [.signing, .transport])
        #expect(fixture.tree.size == size)

        try fixture.commit(.retireAgency("A"), .keepCertificates([]))
        #expect(try fixture.reader().registeredCertificates().isEmpty)
    }

    private static func certificate(_ name: String) throws -> Certificate {
        let now = Instant(seconds: 1_795_000_000)
        let profile = CertificateProfile(
            commonName: name, notBefore: now, notAfter: now.adding(seconds: 86_400))
        return try CertificateIssuer(root: profile, key: try .generate(.ec(.p256))).certificate
    }
}
