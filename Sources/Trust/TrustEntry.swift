package import Exchange
internal import Files
package import OpenSSL
internal import Signature

/// One certificate, list or response, and the file that it lies in.
package struct TrustEntry: Sendable {
    package enum Content: Sendable {
        case certificate(Certificate)
        case list(CertificateList)
        case response(OCSPResponse)
    }

    package enum Kind: String, Sendable, CaseIterable, Comparable {
        case anchor, intermediate, crl, ocsp

        package static func < (left: Kind, right: Kind) -> Bool {
            allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
        }
    }

    package let file: String
    package let content: Content

    package init(file: String, content: Content) {
        self.file = file
        self.content = content
    }

    package var kind: Kind {
        switch content {
        case .certificate(let certificate): certificate.isSelfSigned ? .anchor : .intermediate
        case .list: .crl
        case .response: .ocsp
        }
    }

    package var sha256: Digest256 {
        switch content {
        case .certificate(let certificate): certificate.sha256
        case .list(let list): list.sha256
        case .response(let response): response.sha256
        }
    }

    /// A certificate's subject, a list's issuer; of a response the serial numbers that it is about.
    package var name: String {
        switch content {
        case .certificate(let certificate): return certificate.subject
        case .list(let list): return list.issuer
        case .response(let response):
            return response.statements.map { Hex.encode($0.certificate.serial) }.joined(separator: ", ")
        }
    }

    package var startsAt: Instant? {
        switch content {
        case .certificate(let certificate): certificate.notBefore
        case .list(let list): list.thisUpdate
        case .response(let response): response.statements.map(\.thisUpdate).min()
        }
    }

    /// Nil where nothing says that it ends.
    package var endsAt: Instant? {
        switch content {
        case .certificate(let certificate): certificate.notAfter
        case .list(let list): list.nextUpdate
        case .response(let response): response.statements.compactMap(\.nextUpdate).min()
        }
    }

    /// Everything in a file's bytes that a trust list can hold, PEM or DER; empty where there is nothing.
    package static func all(in bytes: [UInt8], file: String) -> [TrustEntry] {
        var contents: [Content] = ((try? Certificate.all(in: bytes)) ?? []).map { .certificate($0) }
        contents += ((try? CertificateList.all(in: bytes)) ?? []).map { .list($0) }
        contents += ((try? OCSPResponse.all(in: bytes)) ?? []).map { .response($0) }
        return contents.map { TrustEntry(file: file, content: $0) }
    }
}
