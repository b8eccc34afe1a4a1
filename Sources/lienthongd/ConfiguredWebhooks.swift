internal import Transport

extension Configuration {
    /// `webhooks`: whether and where to agencies' software may be told by push.
    struct Webhooks: Sendable, Hashable {
        let isEnabled: Bool
        let allowsPlainHTTP: Bool
        let allowedAddresses: [AddressRange]
        let tlsAnchors: [String]
        let perAgencyMax: Int
        let failingSecondsMax: Int64
        let pushSecondsMax: Int64

        /// Where Debian and its relatives keep what everybody trusts.
        private static let systemAnchors = "/etc/ssl/certs/ca-certificates.crt"

        init(
            _ section: ConfigurationSection, _ absolute: (String) -> String
        ) throws(ConfigurationError) {
            isEnabled = try section.boolean("enabled", default: false)
            allowsPlainHTTP = try section.boolean("allowPlainHTTP", default: false)
            var ranges: [AddressRange] = []
            for text in try section.texts("allowedAddresses") {
                guard let range = AddressRange(text) else {
                    throw section.error(
                        "allowedAddresses", "có \"\(text)\", không phải địa chỉ hay dải như 10.1.0.0/16")
                }
                ranges.append(range)
            }
            allowedAddresses = ranges
            let anchors = try section.texts("tlsAnchors").map(absolute)
            tlsAnchors = anchors.isEmpty ? [Self.systemAnchors] : anchors
            perAgencyMax = Int(try section.integer("perAgencyMax", in: 1...100, default: 5))
            failingSecondsMax = try section.integer(
                "failingSecondsMax", in: 1...31_536_000, default: 259_200)
            pushSecondsMax = try section.integer("pushSecondsMax", in: 60...31_536_000, default: 86_400)
            try section.finish()
        }
    }
}
