package import Exchange
package import Storage

/// Who is at the other end of a connection.
package enum Caller: Sendable {
    case agency(Agency)
    case principal(Principal)

    /// As the log names the caller; an agency's code or a principal's name.
    package var name: String {
        switch self {
        case .agency(let agency): agency.code.string
        case .principal(let principal): principal.name
        }
    }

    package var agency: Agency? {
        if case .agency(let agency) = self { agency } else { nil }
    }

    package func has(_ role: Principal.Role) -> Bool {
        if case .principal(let principal) = self { principal.role == role } else { false }
    }
}

/// Every agency and principal, as of one moment; replaced whole when the directory changes, so that one
/// request sees one directory from beginning to end.
package final class Directory: Sendable {
    package let agencies: [Agency]
    package let principals: [Principal]
    private let byCode: [AgencyCode: Int]
    private let agencyByCertificate: [Digest256: Int]
    private let principalByCertificate: [Digest256: Int]
    /// Lower-case codes and names, in the order of `agencies`, for the search.
    private let searchTexts: [String]

    package init(agencies: [Agency], principals: [Principal]) {
        var byCode: [AgencyCode: Int] = [:]
        var agencyByCertificate: [Digest256: Int] = [:]
        var principalByCertificate: [Digest256: Int] = [:]
        for (index, agency) in agencies.enumerated() {
            // An agency's own code wins over another one's alias.
            byCode[agency.code] = index
            for certificate in agency.transportCertificates { agencyByCertificate[certificate] = index }
        }
        for (index, agency) in agencies.enumerated() {
            for alias in agency.aliases where byCode[alias] == nil { byCode[alias] = index }
        }
        for (index, principal) in principals.enumerated() {
            for certificate in principal.certificates { principalByCertificate[certificate] = index }
        }
        self.agencies = agencies
        self.principals = principals
        self.byCode = byCode
        self.agencyByCertificate = agencyByCertificate
        self.principalByCertificate = principalByCertificate
        searchTexts = agencies.map { agency in
            let codes = ([agency.code] + agency.aliases).map(\.string).joined(separator: "\n")
            return "\(codes)\n\(agency.name)".lowercased()
        }
    }

    package convenience init(_ stored: StoredDirectory) {
        self.init(agencies: stored.agencies, principals: stored.principals)
    }

    /// The agency that answers to `code`, its own or an alias.
    package func agency(_ code: AgencyCode) -> Agency? {
        byCode[code].map { agencies[$0] }
    }

    /// Whom a client certificate speaks for; `certificate` is the SHA-256 of its DER.
    package func caller(certificate: Digest256) -> Caller? {
        if let index = agencyByCertificate[certificate] { return .agency(agencies[index]) }
        if let index = principalByCertificate[certificate] { return .principal(principals[index]) }
        return nil
    }

    /// Agencies whose code, alias or name holds `text` (letter case aside), hidden ones left out.
    package func search(_ text: String, limit: Int) -> [Agency] {
        let wanted = text.lowercased()
        var found: [Agency] = []
        for (index, agency) in agencies.enumerated() where agency.status != .hidden {
            guard found.count < limit else { break }
            if wanted.isEmpty || searchTexts[index].contains(wanted) { found.append(agency) }
        }
        return found
    }
}
