import Exchange
import Foundation
import OpenSSL
import Storage
import Testing

@Suite struct `The directory` {
    let first = SHA256.hash([1])
    let second = SHA256.hash([2])

    private static var merged: Agency {
        var agency = Agency(code: "C", name: "Sở cũ")
        agency.effectiveFrom = Instant(isoDate: "2020-01-01")
        agency.effectiveTo = Instant(isoDate: "2026-07-01")
        agency.successor = "A"
        agency.contact.email = "vt@mau.example"
        agency.contact.telephone = "0205"
        agency.contact.address = "Số 1"
        agency.actsFor = [.init(agency: "B", until: Instant(seconds: 1_800_000_000))]
        return agency
    }

    @Test func `remembers the name of each day`() throws {
        let fixture = try Fixture(agencies: [])
        let first = fixture.now
        try fixture.commit(.putAgencies([Agency(code: "A", name: "một")], retire: .none))
        fixture.now = first.adding(seconds: 100)
        try fixture.commit(.putAgencies([Agency(code: "A", name: "hai")], retire: .none))
        fixture.now = first.adding(seconds: 200)
        try fixture.commit(.putAgencies([Agency(code: "A", name: "hai", level: 2)], retire: .none))
        try fixture.commit(.putAgencies([Agency(code: "A", name: "ba")], retire: .none))
        let reader = try fixture.reader()
        let names = try [0, 99, 100, 199, 200, 300].map {
            try reader.name(of: "A", at: first.adding(seconds: $0))
        }
        #expect(names == ["một", "một", "hai", "hai", "ba", "ba"])
        #expect(try reader.name(of: "B", at: first) == nil)
    }

    @Test func `retires some by name, all or none`() throws {
        let fixture = try Fixture(agencies: ["A", "B", "C"])
        let new = Agency(code: "D", name: "D")
        #expect(try fixture.rejection(.putAgencies([new], retire: .these(["A", "none"]))) == .notFound)
        #expect(try fixture.reader().directory().agencies.count == 3)
        #expect(try fixture.reader().directory().agencies.allSatisfy { $0.status == .active })
        #expect(try fixture.rejection(.putAgencies([new], retire: .these(["A", "C"]))) == nil)
        let statuses = try fixture.reader().directory().agencies.map(\.status)
        #expect(statuses == [.retired, .active, .retired, .active])
    }

    @Test func `comes back as it was put`() throws {
        let fixture = try Fixture(agencies: [])
        let agencies = [
            Agency(
                code: "A", name: "Sở Nội vụ", aliases: ["000.00.12.H37", "H37.OLD"], parent: "B", level: 2,
                status: .locked, transportCertificates: [first], signingCertificates: [second],
                signaturePolicy: .warn, unknownRevocation: .hold),
            Agency(code: "B", name: "UBND"), Self.merged,
        ]
        let principals = [Principal(name: "Thanh tra", role: .auditor, certificates: [SHA256.hash([3])])]
        #expect(try fixture.reader().directory().isEmpty)
        try fixture.commit(.putAgencies(agencies, retire: .others), .putPrincipals(principals))
        let directory = try fixture.reader().directory()
        #expect(directory.agencies == agencies && directory.principals == principals)
        #expect(fixture.tree.size == 2)
    }

    @Test func `retires whom a replacement leaves out, and frees what belonged to them`() throws {
        let fixture = try Fixture(agencies: [])
        let old = Agency(code: "A", name: "old", aliases: ["X"], transportCertificates: [first])
        try fixture.commit(.putAgencies([old], retire: .others))
        let new = Agency(code: "B", name: "new", aliases: ["X"], transportCertificates: [first])
        #expect(try fixture.rejection(.putAgencies([new], retire: .none)) == .badRequest)
        #expect(try fixture.reader().directory().agencies == [old])
        #expect(try fixture.rejection(.putAgencies([new], retire: .others)) == nil)
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
        try fixture.commit(.putAgencies(before, retire: .none))
        #expect(try fixture.rejection(.putAgencies(after, retire: .none)) == nil)
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
            .putAgencies(clash, retire: .others), .accept(letter("1")), .retireAgency("none"))
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
        try fixture.commit(.putAgencies([agency], retire: .others))
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
