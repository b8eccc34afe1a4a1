internal import Exchange
internal import Hub
internal import OpenSSL
internal import Signature

extension Configuration {
    /// `policy`: which algorithms count, and what the hub does where nobody can say.
    struct Policy: Sendable, Hashable {
        let algorithms: AlgorithmPolicy
        let hub: HubPolicy

        init(_ section: ConfigurationSection, rules: ExchangeRules) throws(ConfigurationError) {
            algorithms = try Self.algorithms(section)
            var hub = HubPolicy()
            hub.auditorsMayReadLetters = try section.boolean("auditorsMayReadLetters", default: false)
            hub.unknownRevocation = try section.choice("unknownRevocation", default: hub.unknownRevocation)
            hub.holdSecondsMax = Int(
                try section.integer("holdSeconds", in: 60...2_592_000, default: Int64(hub.holdSecondsMax)))
            hub.afterHold = try section.choice("afterHold", default: hub.afterHold)
            hub.revocationRetrySeconds = Int(
                try section.integer(
                    "retrySeconds", in: 1...86_400, default: Int64(hub.revocationRetrySeconds)))
            hub.sha1Until = try Self.exceptions(section)
            hub.rules = rules
            self.hub = hub
            try section.finish()
        }

        private static func algorithms(
            _ section: ConfigurationSection
        ) throws(ConfigurationError) -> AlgorithmPolicy {
            guard let value = section.value("algorithms") else { return AlgorithmPolicy() }
            let policy: AlgorithmPolicy
            do {
                policy = try AlgorithmPolicy(value)
            } catch {
                throw ConfigurationError(
                    file: section.file, line: error.line, detail: "policy.algorithms: \(error.detail)")
            }
            // SHA-1 for everybody would be no exception.
            guard policy.sha1Until == nil else {
                throw section.error("algorithms", "không nhận sha1Until; hãy dùng policy.sha1Exceptions")
            }
            return policy
        }

        private static func exceptions(
            _ section: ConfigurationSection
        ) throws(ConfigurationError) -> [AgencyCode: Instant] {
            var exceptions: [AgencyCode: Instant] = [:]
            for item in try section.sections("sha1Exceptions") {
                let code = AgencyCode(try item.text("agency"))
                guard let until = Instant(rfc3339: try item.text("until")) else {
                    throw item.error("until", "phải là thời điểm RFC 3339, ví dụ 2026-12-31T00:00:00+07:00")
                }
                guard exceptions.updateValue(until, forKey: code) == nil else {
                    throw item.error("agency", "\(code) đã có một ngoại lệ")
                }
                try item.finish()
            }
            return exceptions
        }

        /// Names the policy in the audit log.
        var digest: Digest256 {
            let exceptions = hub.sha1Until.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            let texts =
                [
                    "rsaPKCS1 \(algorithms.allowsRSAPKCS1)", "rsaPSS \(algorithms.allowsRSAPSS)",
                    "ecdsa \(algorithms.allowsECDSA)", "rsaBitsMin \(algorithms.rsaBitsMin)",
                    "digests " + algorithms.digests.map(\.rawValue).sorted().joined(separator: " "),
                    "curves " + algorithms.curves.map(\.rawValue).sorted().joined(separator: " "),
                    "requireRevocationSource \(algorithms.requiresRevocationSource)",
                    "unknownRevocation \(hub.unknownRevocation.rawValue)",
                    "holdSeconds \(hub.holdSecondsMax)", "afterHold \(hub.afterHold.rawValue)",
                    "retrySeconds \(hub.revocationRetrySeconds)",
                    "auditorsMayReadLetters \(hub.auditorsMayReadLetters)",
                ] + hub.rules.texts + exceptions.map { "sha1Exceptions \($0)" }
            return SHA256.hash(Array((texts.joined(separator: "\n") + "\n").utf8))
        }
    }
}
