internal import Transport
internal import Trust

extension Configuration {
    /// `trust`: the files, and what is fetched.
    struct Trust: Sendable, Hashable {
        struct Responder: Sendable, Hashable {
            let issuer: String
            let url: HTTPURL
        }

        let paths: TrustPaths
        let checkSeconds: Int64
        /// Anchors that https servers are known by.
        let tlsAnchors: [String]
        /// Without its responders, whose issuers are files to be read.
        let fetch: FetchSettings
        let responders: [Responder]

        init(
            _ section: ConfigurationSection, _ absolute: (String) -> String
        ) throws(ConfigurationError) {
            let anchors = try section.texts("anchors").map(absolute)
            if anchors.isEmpty { throw section.error("anchors", "cần ít nhất một tệp chứng thư gốc") }
            paths = TrustPaths(
                anchors: anchors, intermediates: try section.texts("intermediates").map(absolute),
                lists: try section.texts("crls").map(absolute),
                responses: try section.texts("ocsp").map(absolute))
            checkSeconds = try section.integer("checkSeconds", in: 0...86_400, default: 60)
            let fetch = try section.section("fetch")
            try section.finish()

            var settings = FetchSettings()
            settings.lists = try Self.urls(fetch, "crls")
            do {
                settings.allowed = try URLAllowList(try fetch.texts("allow"))
            } catch let error as ConfigurationError {
                throw error
            } catch {
                throw fetch.error("allow", "có mục không phải tên máy hay địa chỉ http(s): \(error)")
            }
            settings.intervalSeconds = try fetch.integer("intervalSeconds", in: 1...604_800, default: 3600)
            settings.timeoutSeconds = try fetch.integer("timeoutSeconds", in: 1...600, default: 30)
            settings.bytesMax = Int(
                try fetch.integer("bytesMax", in: 1024...(256 << 20), default: 32 << 20))
            var responders: [Responder] = []
            for item in try fetch.sections("ocsp") {
                responders.append(
                    Responder(issuer: absolute(try item.text("issuer")), url: try Self.url(item, "url")))
                try item.finish()
            }
            tlsAnchors = try fetch.texts("tlsAnchors").map(absolute)
            let isTLS = (settings.lists + responders.map(\.url)).contains(where: \.isTLS)
            if isTLS, tlsAnchors.isEmpty {
                throw fetch.error("tlsAnchors", "cần có khi có địa chỉ https")
            }
            try fetch.finish()
            self.fetch = settings
            self.responders = responders
        }

        private static func urls(
            _ section: ConfigurationSection, _ name: String
        ) throws(ConfigurationError) -> [HTTPURL] {
            var urls: [HTTPURL] = []
            for text in try section.texts(name) { urls.append(try url(text, section, name)) }
            return urls
        }

        private static func url(
            _ section: ConfigurationSection, _ name: String
        ) throws(ConfigurationError) -> HTTPURL {
            try url(try section.text(name), section, name)
        }

        private static func url(
            _ text: String, _ section: ConfigurationSection, _ name: String
        ) throws(ConfigurationError) -> HTTPURL {
            do {
                return try HTTPURL(text)
            } catch {
                throw section.error(name, "\(text) không phải địa chỉ http(s) dùng được: \(error)")
            }
        }
    }
}
