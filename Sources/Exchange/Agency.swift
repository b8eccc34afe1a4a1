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
