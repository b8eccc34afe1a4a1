internal import Exchange
internal import JSON
internal import OpenSSL

extension AlgorithmPolicy {
    /// The policy as a file that `init(json5:)` reads again; the same policy always gives the same bytes.
    package var json: [UInt8] {
        JSONWriter.object { writer in
            writer.member("rsaPKCS1", allowsRSAPKCS1)
            writer.member("rsaPSS", allowsRSAPSS)
            writer.member("ecdsa", allowsECDSA)
            writer.member("rsaBitsMin", rsaBitsMin)
            writer.name("digests")
            writer.array(digests.map(\.rawValue).sorted()) { $0.string($1) }
            writer.name("curves")
            writer.array(curves.map(\.rawValue).sorted()) { $0.string($1) }
            writer.member("requireRevocationSource", requiresRevocationSource)
            writer.member("sha1Until", optional: sha1Until?.rfc3339)
        }
    }
}
