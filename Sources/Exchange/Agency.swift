/// An agency's code (OrganId): opaque, compared byte for byte.
package typealias AgencyCode = ExactString

/// One organisation in the directory.
package struct Agency: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable { case active, locked, retired, hidden }

    /// What the hub does with a letter whose organisation signature is missing or does not pass.
    package enum SignaturePolicy: String, Sendable, CaseIterable {
        /// Not verified; the trail says so.
        case off
        /// Verified and marked, accepted whatever the verdict.
        case warn
        /// Accepted only with TOTAL-PASSED.
        case enforce
    }

    package var code: AgencyCode
    package var name: String
    /// Other codes under which letters reach this agency: old QCVN codes, codes from before a merger.
    package var aliases: [AgencyCode]
    package var parent: AgencyCode?
    /// 1 central or provincial … 4 unit; 0 where the directory does not say.
    package var level: Int
    package var status: Status
    /// SHA-256 fingerprints of client certificates; several may overlap for rollover.
    package var transportCertificates: [Digest256]
    /// SHA-256 fingerprints of the certificates that sign this agency's letters.
    package var signingCertificates: [Digest256]
    package var signaturePolicy: SignaturePolicy
    /// Nil where the hub's own setting holds for this agency.
    package var unknownRevocation: UnknownRevocationPolicy?
    /// From when on and until when (that moment not included) the agency exists under this code.
    package var effectiveFrom: Instant?
    package var effectiveTo: Instant?
    /// Who has taken over its business after a merger: letters to this code go there once it has ended.
    package var successor: AgencyCode?
    package var contact: Contact
    /// Agencies in whose name this one's software may send.
    package var actsFor: [ActingRight]

    package init(
        code: AgencyCode, name: String, aliases: [AgencyCode] = [], parent: AgencyCode? = nil, level: Int = 0,
        status: Status = .active, transportCertificates: [Digest256] = [],
        signingCertificates: [Digest256] = [], signaturePolicy: SignaturePolicy = .enforce,
        unknownRevocation: UnknownRevocationPolicy? = nil
    ) {
        self.code = code
        self.name = name
        self.aliases = aliases
        self.parent = parent
        self.level = level
        self.status = status
        self.transportCertificates = transportCertificates
        self.signingCertificates = signingCertificates
        self.signaturePolicy = signaturePolicy
        self.unknownRevocation = unknownRevocation
        contact = Contact()
        actsFor = []
    }

    /// Whether the agency sends and receives at `instant`: active, and within its dates.
    package func isInForce(at instant: Instant) -> Bool {
        status == .active && !hasEnded(at: instant) && effectiveFrom.map { instant >= $0 } ?? true
    }

    /// Retired, or past its last day.
    package func hasEnded(at instant: Instant) -> Bool {
        status == .retired || effectiveTo.map { instant >= $0 } ?? false
    }

    /// Where people reach the agency's clerks. Empty where the directory does not say.
    package struct Contact: Sendable, Hashable {
        package var email = ""
        package var telephone = ""
        package var address = ""

        package init() {}
    }

    /// A right to send for another agency, which a văn thư of a parent has for its units.
    package struct ActingRight: Sendable, Hashable {
        package var agency: AgencyCode
        /// That moment not included.
        package var until: Instant

        package init(agency: AgencyCode, until: Instant) {
            self.agency = agency
            self.until = until
        }
    }
}

extension Agency {
    /// Codes that nobody else may answer to; those of a retired agency but its own are free for others.
    package var claimedCodes: [AgencyCode] { status == .retired ? [code] : [code] + aliases }

    /// The code before decision 20/2020, right to left in four groups: `H37.12` was `000.00.12.H37`. Nil
    /// where the code is not of that kind.
    package var formerCode: AgencyCode? {
        let groups = code.string.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (2...4).contains(groups.count), groups.allSatisfy({ !$0.isEmpty }),
            groups.dropFirst().allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        var former = [groups[0]]
        for (place, width) in [2, 2, 3].enumerated() {
            let group = place + 1 < groups.count ? groups[place + 1] : ""
            former.insert(String(repeating: "0", count: max(0, width - group.utf8.count)) + group, at: 0)
        }
        return AgencyCode(former.joined(separator: "."))
    }
}

/// What the hub does, under `enforce`, with a letter about whose signature nothing is wrong but that nobody
/// can say at the moment whether a certificate was revoked. Unknown is never taken for good or for revoked.
package enum UnknownRevocationPolicy: String, Sendable, CaseIterable {
    /// Goes in, marked; a later check appends its answer to the log.
    case accept
    /// Waits for an answer up to a deadline, then is refused.
    case hold
    case refuse
}

/// Somebody who is not an agency: an auditor, an operator, a peer hub.
package struct Principal: Sendable, Hashable {
    package enum Role: String, Sendable, CaseIterable { case auditor, `operator`, peer }

    package var name: String
    package var role: Role
    package var certificates: [Digest256]

    package init(name: String, role: Role, certificates: [Digest256]) {
        self.name = name
        self.role = role
        self.certificates = certificates
    }
}
