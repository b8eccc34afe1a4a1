internal import Exchange
internal import HTTP
internal import Hub
internal import OpenSSL
internal import Transport

/// An agency's software, known by its signature; what it asks.
struct VXPCaller: Sendable {
    let agency: Agency
    /// The code under which its software knows it, which may be an older one of the agency.
    let systemID: String
    let parameters: SignedParameters

    /// - Throws: the same failure for a code that nobody has and for a wrong signature.
    init(_ request: RequestHead, _ peer: Peer, _ hub: Hub) throws(VXPFailure) {
        let parameters = try SignedParameters(request.fields)
        self.parameters = parameters
        systemID = parameters["systemid"] ?? ""
        let directory = hub.directory
        let named = directory.agency(AgencyCode(systemID))
        let secrets = (named.flatMap { hub.sharedSecrets?.secrets(of: $0.code) } ?? []).compactMap(\.bytes)
        // All of them, and one where there is none: the time tells nothing.
        var isSigned = false
        for secret in secrets + (secrets.isEmpty ? [Self.noSecret] : []) {
            if parameters.isSigned(with: secret) { isSigned = !secrets.isEmpty }
        }
        guard isSigned, let agency = named else { throw Self.unknown(parameters) }
        self.agency = agency
        let addresses = hub.sharedSecrets?.addresses(of: agency.code) ?? []
        guard addresses.isEmpty || addresses.contains(where: { $0.contains(peer.address) }) else {
            throw VXPFailure(
                .badCredential,
                "dia chi \(peer.address) khong nam trong danh sach duoc phep cua \(agency.code)")
        }
        // Nobody has to show a certificate; who shows somebody else's is mistaken, or worse.
        if let certificate = peer.certificate, let other = directory.caller(certificate: certificate.sha256),
            other.agency?.code != agency.code
        {
            throw VXPFailure(
                .badCredential, "chung thu ket noi da dang ky cho ben khac, khong phai \(systemID)")
        }
        guard agency.status != .locked, agency.status != .retired else {
            throw VXPFailure(.senderNotAllowed, "co quan \(agency.code) dang bi khoa hoac da ngung hoat dong")
        }
        do {
            try hub.rates.admit(agency.code)
        } catch {
            throw VXPFailure(error)
        }
    }

    private static let noSecret = [UInt8](repeating: 0x30, count: 43)

    private static func unknown(_ parameters: SignedParameters) -> VXPFailure {
        var text = "sai thong tin xac thuc: kiem tra systemid va secret"
        if parameters.hasNonASCII {
            text += "; tham so co ky tu ngoai ASCII, hay dung thu muc luu (filePath) khong dau"
        }
        return VXPFailure(.badCredential, text)
    }

    /// Which messages a list is about.
    ///
    /// - Throws: where `messagetype` is a word of its own.
    func kinds() throws(VXPFailure) -> [DocumentKind] {
        switch parameters.text("messagetype")?.lowercased() {
        case nil: return [.letter, .status]
        case "edoc": return [.letter]
        case "status": return [.status]
        default: throw VXPFailure(.badDocument, "messagetype phai la edoc hoac status")
        }
    }
}

extension DocumentKind {
    var messageType: String { self == .status ? "status" : "edoc" }
}

extension Instant {
    /// `2026-11-20 09:15:30` in Vietnam.
    var vxpTime: String {
        edXMLTimestamp.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "-")
    }
}
