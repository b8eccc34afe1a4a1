import Exchange
import OpenSSL
import Testing

/// What `openssl` makes, and what it says of what we make.
@Suite struct `The openssl command` {
    let command: OpenSSLCommand
    let world: OCSPDemo

    init() throws {
        command = try OpenSSLCommand()
        world = try OCSPDemo()
        try command.write("signer.pem", [world.demo.signer])
        try command.write("agencies.pem", [world.demo.agencies.certificate])
        try command.write("root.pem", [world.demo.root.certificate])
    }

    /// `openssl ocsp` on a response: whether it believes the responder, and what it reads.
    func reading(_ response: OCSPResponse, at time: Instant) throws -> (isBelieved: Bool, output: String) {
        try command.write("response.der", response.der)
        let result = try command.run([
            "ocsp", "-respin", "response.der", "-CAfile", "root.pem", "-verify_other", "agencies.pem",
            "-issuer", "agencies.pem", "-cert", "signer.pem", "-attime", "\(time.seconds)", "-no-CApath",
            "-no-CAstore",
        ])
        return (result.output.contains("Response verify OK"), result.output)
    }

    /// The word stands on a line of its own where the response is old by the machine's clock.
    static func says(_ word: String, _ output: String) -> Bool {
        output.split(separator: "\n").contains { $0 == word || $0 == "signer.pem: \(word)" }
    }

    @Test func `believes the same responders`() throws {
        let demo = world.demo
        func appointed(
            by issuer: CertificateIssuer, _ change: (inout CertificateProfile) -> Void = { _ in }
        ) throws -> OCSPResponder {
            var wanted = OCSPDemo.responderProfile()
            change(&wanted)
            return try OCSPDemo.appoint(wanted, by: issuer)
        }
        let stranger = try OCSPDemo()
        let responders: [(String, OCSPResponder, Bool)] = [
            (
                "the issuer", OCSPResponder(certificate: demo.agencies.certificate, key: demo.agencies.key),
                true
            ),
            ("appointed", world.responder, true),
            ("by the root", try appointed(by: demo.root), false),
            ("by a stranger", stranger.responder, false),
            ("the signer", OCSPResponder(certificate: demo.signer, key: demo.signerKey), false),
            ("for nothing", try appointed(by: demo.agencies) { $0.extendedKeyUsages = [] }, false),
            (
                "for mail",
                try appointed(by: demo.agencies) {
                    $0.extendedKeyUsages = [ExtendedKeyUsage.emailProtection]
                },
                false
            ),
            ("expired", try appointed(by: demo.agencies) { $0.notAfter = noon.adding(seconds: -1) }, false),
            ("not yet", try appointed(by: demo.agencies) { $0.notBefore = noon.adding(seconds: 60) }, false),
            (
                "with a strange extension",
                try appointed(by: demo.agencies) { $0.extensions.append(("1.2.3.4.5", "critical,DER:0500")) },
                false
            ),
        ]
        for (name, responder, isBelieved) in responders {
            for (status, word) in [
                (OCSPStatement.Status.good, "good"),
                (.revoked(at: noon.adding(seconds: -60), reason: .superseded), "revoked"),
                (.unknown, "unknown"),
            ] {
                let response = try world.response(world.statement(status), by: responder)
                let oracle = try reading(response, at: noon)
                #expect(oracle.isBelieved == isBelieved, "\(name): \(oracle.output)")
                #expect(Self.says(word, oracle.output), "\(name): \(oracle.output)")
                let ours = world.status([response])
                #expect((ours == .unknown(.notAuthentic)) == !isBelieved, "\(name): \(ours)")
                guard isBelieved else { continue }
                #expect(ours.isGood == (status == .good) && ours.isRevoked == (word == "revoked"))
            }
        }
    }

    @Test func `answers our requests, and we read its answers`() throws {
        let demo = world.demo
        try command.write("responder.pem", [world.responder.certificate])
        try command.write("responder.key", world.responder.key.pem)
        let serial = demo.signer.serialHex.uppercased()
        let states: [(String, String)] = [
            ("V\t301231235959Z\t\t\(serial)\tunknown\t/CN=Signer\n", "good"),
            ("R\t301231235959Z\t260101000000Z,keyCompromise\t\(serial)\tunknown\t/CN=Signer\n", "revoked"),
            ("V\t301231235959Z\t\t7777\tunknown\t/CN=Other\n", "unknown"),
        ]
        for hash in OCSPCertificateID.Hash.allCases {
            let request = try OCSPRequest(
                for: demo.signer, issuer: demo.agencies.certificate, hash: hash, nonce: SecureRandom.bytes(16)
            )
            try command.write("request.der", request.der)
            let shown = try command.run(["ocsp", "-reqin", "request.der", "-req_text"])
            #expect(shown.output.contains("Serial Number: \(serial)"), "\(shown.output)")
            for (line, expected) in states {
                try command.write("index.txt", Array(line.utf8))
                let made = try command.run([
                    "ocsp", "-index", "index.txt", "-CA", "agencies.pem", "-rsigner", "responder.pem",
                    "-rkey",
                    "responder.key", "-reqin", "request.der", "-respout", "answer.der", "-ndays", "1",
                ])
                let response = try OCSPResponse(der: command.read("answer.der"))
                #expect(request.answer(response) == .answered, "\(made.output)")
                // The command's clock is the machine's.
                let time = response.producedAt
                guard time > demo.signer.notBefore, time < demo.signer.notAfter else { continue }
                switch world.status([response], at: time) {
                case .good: #expect(expected == "good")
                case .revoked(let date, let reason, _):
                    #expect(expected == "revoked" && reason == .keyCompromise)
                    #expect(date == Instant(year: 2026, month: 1, day: 1))
                case .unknown(let cause): #expect(expected == "unknown" && cause == .unknownToResponder)
                }
                // An answer to another question.
                let other = try OCSPRequest(
                    for: demo.signer, issuer: demo.agencies.certificate, hash: hash)
                #expect(other.answer(response) == .otherNonce)
                let about = try OCSPRequest(
                    for: demo.agencies.certificate, issuer: demo.root.certificate, hash: hash, nonce: nil)
                #expect(about.answer(response) == .otherCertificate)
            }
        }
    }

    @Test func `agrees about lists that were made before`() throws {
        let demo = world.demo
        let twin = try DemoAuthority()
        var cases: [(String, CertificateList)] = []
        func add(
            _ name: String, by issuer: CertificateIssuer? = nil, revoking date: Instant? = nil,
            _ reason: RevocationReason = .unspecified,
            _ change: (inout RevocationListProfile) -> Void = { _ in }
        ) throws {
            var wanted = RevocationListProfile(
                thisUpdate: noon.adding(seconds: -600), nextUpdate: noon.adding(seconds: day))
            if let date {
                wanted.revoked = [RevokedSerial(serial: demo.signer.serial, date: date, reason: reason)]
            }
            change(&wanted)
            cases.append((name, try (issuer ?? demo.agencies).revocationList(wanted)))
        }
        try add("silent")
        for reason in RevocationReason.allCases where reason != .certificateHold {
            try add("revoked, \(reason)", revoking: noon.adding(seconds: -60), reason)
        }
        try add("stale") { $0.nextUpdate = noon.adding(seconds: -1) }
        try add("by a twin", by: twin.agencies)
        try add("by the root", by: demo.root)
        for scope in [
            "onlyuser:TRUE", "onlyCA:TRUE", "onlyAA:TRUE", "indirectCRL:TRUE",
            "fullname:URI:http://crl.example/agencies.crl", "fullname:URI:http://crl.example/other.crl",
            "onlysomereasons:keyCompromise",
        ] {
            try add(scope) { $0.extensions = [("issuingDistributionPoint", "critical,\(scope)")] }
        }
        try add("delta") { $0.extensions = [("2.5.29.27", "critical,DER:020101")] }
        try add("strange") { $0.extensions = [("1.2.3.4.5", "critical,DER:0500")] }
        try add("strange entry", revoking: noon) {
            $0.revoked[0].serial = [9]
            $0.revoked[0].extensions = [("1.2.3.4.5", "critical,DER:0500")]
        }
        for (name, list) in cases {
            try command.write("list.pem", list.pem)
            let oracle = try command.verifies(
                demo.signer, untrusted: [demo.agencies.certificate], anchors: [demo.root.certificate],
                at: noon,
                ["-crl_check", "-CRLfile", "list.pem"])
            let ours = world.status([], [list])
            // OpenSSL takes a delta for the whole list.
            #expect(oracle.isDone == (ours.isGood || name == "delta"), "\(name): \(ours); \(oracle.output)")
            // OpenSSL has one answer for everything that is not good; who is revoked it says.
            if ours.isRevoked { #expect(oracle.output.contains("certificate revoked"), "\(name)") }
        }
        #expect(cases.count > 20)
    }
}
