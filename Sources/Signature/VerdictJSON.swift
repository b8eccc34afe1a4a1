internal import Exchange
internal import JSON
internal import OpenSSL

extension Verdict {
    /// The object that `lienthong verify --json` prints and that the trail keeps.
    package func json() -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("indication", indication.rawValue)
            writer.name("signatures")
            writer.array(signatures) { $1.write(to: &$0) }
            writer.name("reasons")
            writer.array(reasons) { $1.write(to: &$0) }
        }
    }
}

extension SignatureReport {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("format", formatName)
            writer.member("level", optional: level?.rawValue)
            writer.member("indication", indication.rawValue)
            writer.member("subIndication", optional: subIndication?.rawValue)
            if let signer {
                writer.name("signer")
                signer.write(to: &writer)
            }
            writer.member("role", role.rawValue)
            writer.member("document", optional: document)
            writer.member("field", optional: field)
            writer.member("algorithm", optional: algorithm)
            writer.member("signingTime", optional: signingTime?.rfc3339)
            writer.member("timestamp", optional: timestamp?.rfc3339)
            writer.member("bestSigningTime", optional: bestSigningTime?.rfc3339)
            writer.member("coverage", optional: coverage)
            if let revocation {
                writer.name("revocation")
                revocation.write(to: &writer)
            }
            writer.name("timestamps")
            writer.array(timestamps) { $1.write(to: &$0) }
            writer.name("chain")
            writer.array(chain) { SignatureReport.Signer($1).write(to: &$0) }
            writer.name("evidence")
            writer.array(evidence) { $1.write(to: &$0) }
            writer.name("reasons")
            writer.array(reasons) { $1.write(to: &$0) }
        }
    }
}

extension SignatureReport.Signer {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("subject", subject)
            writer.member("issuer", issuer)
            writer.member("serial", serial)
            writer.member("sha256", sha256.hex)
        }
    }
}

extension TimestampReport {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("kind", kind.rawValue)
            writer.member("genTime", optional: genTime?.rfc3339)
            if let tsa {
                writer.name("tsa")
                tsa.write(to: &writer)
            }
            writer.member("indication", indication.rawValue)
            writer.name("reasons")
            writer.array(reasons) { $1.write(to: &$0) }
        }
    }
}

extension EvidenceItem {
    /// Without the bytes: they are kept beside the verdict, once for all letters.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("kind", kind.rawValue)
            writer.member("sha256", sha256.hex)
        }
    }
}

extension SignatureReport.Revocation {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("status", status.rawValue)
            writer.member("source", optional: source)
            writer.member("sha256", optional: evidence?.hex)
            writer.member("thisUpdate", optional: thisUpdate?.rfc3339)
            writer.member("revokedAt", optional: revokedAt?.rfc3339)
            writer.member("cause", optional: cause)
        }
    }
}

extension SignatureReason {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("code", code.rawValue)
            writer.member("message", message)
            writer.member("detail", detail)
        }
    }
}
