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
    /// Whose business each agency has been given, by its own code.
    private let bySuccessor: [AgencyCode: [Int]]
    private let agencyByCertificate: [Digest256: Int]
    private let principalByCertificate: [Digest256: Int]
    private let index: DirectorySearch

    package init(agencies: [Agency], principals: [Principal]) {
        var byCode: [AgencyCode: Int] = [:]
        var agencyByCertificate: [Digest256: Int] = [:]
        var principalByCertificate: [Digest256: Int] = [:]
        for (index, agency) in agencies.enumerated() {
            // An agency's own code wins over another one's alias.
            byCode[agency.code] = index
            for certificate in agency.transportCertificates { agencyByCertificate[certificate] = index }
        }
        // A retired agency's further codes lead to it, and so to its successor, until another one has them.
        for isRetired in [false, true] {
            for (index, agency) in agencies.enumerated() where (agency.status == .retired) == isRetired {
                for alias in agency.aliases where byCode[alias] == nil { byCode[alias] = index }
            }
        }
        for (index, principal) in principals.enumerated() {
            for certificate in principal.certificates { principalByCertificate[certificate] = index }
        }
        self.agencies = agencies
        self.principals = principals
        var bySuccessor: [AgencyCode: [Int]] = [:]
        for (index, agency) in agencies.enumerated() {
            guard let successor = agency.successor, let heir = byCode[successor] else { continue }
            bySuccessor[agencies[heir].code, default: []].append(index)
        }
        self.bySuccessor = bySuccessor
        self.byCode = byCode
        self.agencyByCertificate = agencyByCertificate
        self.principalByCertificate = principalByCertificate
        index = DirectorySearch(agencies)
    }

    package convenience init(_ stored: StoredDirectory) {
        self.init(agencies: stored.agencies, principals: stored.principals)
    }

    /// The agency that answers to `code`, its own or an alias.
    package func agency(_ code: AgencyCode) -> Agency? {
        byCode[code].map { agencies[$0] }
    }

    /// Mergers of mergers: more successors in a row than this are taken for a mistake.
    private static let successionsMax = 8

    /// Who gets what is addressed to `code` at `instant`: the agency itself, or the successor of one that has
    /// ended. Nil where nobody does.
    package func recipient(_ code: AgencyCode, at instant: Instant) -> Agency? {
        var found = agency(code)
        for _ in 0...Self.successionsMax {
            guard let agency = found else { return nil }
            if agency.isInForce(at: instant) { return agency }
            guard agency.hasEnded(at: instant), let successor = agency.successor else { return nil }
            found = self.agency(successor)
        }
        return nil
    }

    /// The agency's own code, and those of ended ones whose business it has taken over, by however many
    /// mergers: under any of them it may have sent or got a letter.
    package func inheritedCodes(of agency: Agency, at instant: Instant) -> [AgencyCode] {
        var codes = [agency.code]
        var next = 0
        while next < codes.count, codes.count < Self.inheritedMax {
            for index in bySuccessor[codes[next]] ?? [] {
                let former = agencies[index]
                if former.hasEnded(at: instant), !codes.contains(former.code) { codes.append(former.code) }
            }
            next += 1
        }
        return codes
    }

    /// A province that took over every commune of three.
    private static let inheritedMax = 1000

    /// Whether `caller`'s software may send in `sender`'s name at `instant`.
    package func maySend(_ caller: Agency, for sender: Agency, at instant: Instant) -> Bool {
        caller.code == sender.code
            || caller.actsFor.contains { agency($0.agency)?.code == sender.code && instant < $0.until }
    }

    /// `agency` with the certificates, policies and rights that the directory has for it now; for imports
    /// from sources that know nothing of those.
    package func keepingTrust(of agency: Agency) -> Agency {
        guard let index = byCode[agency.code], agencies[index].code == agency.code else { return agency }
        var kept = agency
        kept.transportCertificates = agencies[index].transportCertificates
        kept.signingCertificates = agencies[index].signingCertificates
        kept.signaturePolicy = agencies[index].signaturePolicy
        kept.unknownRevocation = agencies[index].unknownRevocation
        kept.actsFor = agencies[index].actsFor
        return kept
    }

    /// Whom a client certificate speaks for; `certificate` is the SHA-256 of its DER.
    package func caller(certificate: Digest256) -> Caller? {
        if let index = agencyByCertificate[certificate] { return .agency(agencies[index]) }
        if let index = principalByCertificate[certificate] { return .principal(principals[index]) }
        return nil
    }

    /// Agencies in which every word of `text` begins a word of a code, alias or name, diacritics and letter
    /// case aside; hidden ones left out. An empty text gives the first ones.
    package func search(_ text: String, limit: Int) -> [Agency] {
        // Who types a whole code wants that agency, not the thousand below it.
        if let exact = agency(AgencyCode(text)), exact.status != .hidden, limit > 0 {
            let others = index.agencies(matching: text, limit: limit).map { agencies[$0] }
            return [exact] + others.filter { $0.code != exact.code }.prefix(limit - 1)
        }
        guard FoldedText.words(text).isEmpty else {
            return index.agencies(matching: text, limit: limit).map { agencies[$0] }
        }
        return Array(agencies.lazy.filter { $0.status != .hidden }.prefix(limit))
    }
}
