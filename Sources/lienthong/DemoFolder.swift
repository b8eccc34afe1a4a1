internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL

/// A folder with everything that a hub and its callers need, paths relative throughout.
struct DemoFolder {
    private static let first = "hub.json5"
    private static let signs = ["root.pem", "agency-ca.pem", "agencies.json5", first]

    let path: String

    /// - Throws: `CommandFailure` (refused) where keys are there already, unless `replacing`.
    init(_ path: String, replacing: Bool) throws {
        self.path = path
        try Directory.create(path)
        if !replacing, let found = Self.signs.first(where: { Directory.exists("\(path)/\($0)") }) {
            throw CommandFailure(
                .refused, "\(path)/\(found) đã có; dùng --force để thay toàn bộ khóa và chứng thư")
        }
    }

    /// An old database keeps the old directory: its certificates would not fit.
    var hasData: Bool { Directory.exists("\(path)/data") }

    func fill(_ agencies: [DemoAgency], _ authority: DemoAuthority) throws {
        try write(authority.root.certificate.pem, "root.pem")
        try write(authority.agencies.certificate.pem, "agency-ca.pem")
        try write(try authority.server(), "server")
        for agency in agencies {
            try write(try authority.client(Self.subject(agency, "kết nối")), "\(agency.code).tls")
            try write(try authority.signer(Self.subject(agency, "văn thư")), "\(agency.code).sign")
            try writeProfile(agency.code, certificate: "\(agency.code).tls")
        }
        let revoked = try authority.signer(Self.subject(agencies[0], "đã thu hồi"))
        try write(revoked, "revoked.sign")
        try write(try authority.revocationLists(revoking: revoked.certificate), "crl.pem")
        for (name, title) in [("auditor", "Kiểm toán (mẫu)"), ("operator", "Vận hành (mẫu)")] {
            try write(try authority.client([("CN", title)]), name)
            try writeProfile(name, certificate: name)
        }
        try write(Array(Self.directory(agencies).utf8), "agencies.json5")
        try write(Array(Self.configuration(agencies).utf8), Self.first)
    }

    /// X.520 bounds names at 64 characters.
    private static func subject(_ agency: DemoAgency, _ use: String) -> [(String, String)] {
        let name = String(String.UnicodeScalarView(agency.name.unicodeScalars.prefix(64)))
        return [("O", name), ("OU", use), ("serialNumber", agency.code), ("CN", name)]
    }

    private func write(_ issued: DemoAuthority.Issued, _ name: String) throws {
        try write(issued.certificatesPEM, "\(name).pem")
        try write(issued.key.pem, "\(name).key", .createPrivate)
    }

    private func writeProfile(_ name: String, certificate: String) throws {
        let text = """
            // Hồ sơ kết nối: lienthong VERB --profile \(name).profile.json5 --hub https://localhost:CỔNG
            {
                cert: "\(certificate).pem",
                key: "\(certificate).key",
                ca: "root.pem",
            }

            """
        try write(Array(text.utf8), "\(name).profile.json5")
    }

    /// Under a temporary name first: a key must never be half there, nor readable by others for a moment.
    private func write(_ bytes: [UInt8], _ name: String, _ access: File.Access = .createNew) throws {
        try OutputFile.make("\(path)/\(name)", access) { try $0.write(bytes, at: 0) }
    }

    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func directory(_ agencies: [DemoAgency]) -> String {
        var text =
            "// Danh bạ của trục dùng thử; chứng thư là tệp PEM trong thư mục này.\n{\n    agencies: [\n"
        for (index, agency) in agencies.enumerated() {
            var signing = ["\(agency.code).sign.pem"]
            // Registered like any other, so that what refuses its letters is the revocation.
            if index == 0 { signing.append("revoked.sign.pem") }
            text += "        {\n            code: \(quoted(agency.code)),\n"
            text += "            name: \(quoted(agency.name)),\n"
            if let former = Agency(code: AgencyCode(agency.code), name: agency.name).formerCode {
                text += "            aliases: [\(quoted(former.string))],\n"
            }
            if let parent = agency.parent { text += "            parent: \(quoted(parent)),\n" }
            text += """
                            level: \(agency.level),
                            transportCertificates: [\(quoted("\(agency.code).tls.pem"))],
                            signingCertificates: [\(signing.map(quoted).joined(separator: ", "))],
                            signaturePolicy: "enforce",
                        },

                """
        }
        return text + """
                ],
                principals: [
                    { name: "auditor", role: "auditor", certificates: ["auditor.pem"] },
                    { name: "operator", role: "operator", certificates: ["operator.pem"] },
                ],
            }

            """
    }

    private static func configuration(_ agencies: [DemoAgency]) -> String {
        let province = agencies[0].code.prefix { $0 != "." }
        return """
            // Trục dùng thử với khóa dùng một lần. Cổng 0: cổng thật nằm trong data/addresses.json khi trục
            // sẵn sàng.
            {
                hub: { code: \(quoted("\(province).TRUC")), name: "Trục liên thông văn bản (mẫu)" },
                dataDirectory: "data",
                listen: { api: "127.0.0.1:0", operations: "127.0.0.1:0", vxp: "127.0.0.1:0" },
                tls: {
                    certificate: "server.pem",
                    key: "server.key",
                    clientAnchors: ["root.pem", "agency-ca.pem"],
                },
                trust: { anchors: ["root.pem"], intermediates: ["agency-ca.pem"], crls: ["crl.pem"] },
                log: { origin: "truc.mau.example/log", key: "log.key", public: false },
                directory: "agencies.json5",
            }

            """
    }
}
