internal import Files
package import OpenSSL
package import Signature

/// The files and folders that a trust list is read from: `trust` of the configuration.
package struct TrustPaths: Sendable, Hashable {
    package var anchors: [String]
    package var intermediates: [String]
    package var lists: [String]
    /// OCSP responses.
    package var responses: [String]

    package init(
        anchors: [String], intermediates: [String] = [], lists: [String] = [], responses: [String] = []
    ) {
        self.anchors = anchors
        self.intermediates = intermediates
        self.lists = lists
        self.responses = responses
    }

    /// What is in them now.
    package func read() throws(TrustFileError) -> TrustContent {
        TrustContent(
            certificates: try TrustFiles.certificates(at: anchors + intermediates),
            revocation: RevocationData(
                lists: try TrustFiles.revocationLists(at: lists),
                responses: try TrustFiles.responses(at: responses)))
    }

    /// Changes when a file comes, goes, or is written: cheap enough to be asked every few seconds.
    func fingerprint() -> [String: Directory.Stamp] {
        var stamps: [String: Directory.Stamp] = [:]
        for path in anchors + intermediates + lists + responses {
            guard let names = try? Directory.names(in: path) else {
                stamps[path] = Directory.stamp(of: path)
                continue
            }
            for name in names { stamps["\(path)/\(name)"] = Directory.stamp(of: "\(path)/\(name)") }
        }
        return stamps
    }
}

/// Certificates and revocation data, read.
package struct TrustContent: Sendable {
    package var certificates: [Certificate]
    package var revocation: RevocationData
}
