internal import Exchange
internal import Files
internal import OpenSSL
internal import Signature

/// Why a trust list was not changed. Vietnamese, for the operator.
package struct TrustChangeError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case privateKey, nothingInIt, notAnAuthority, unknownIssuer, mixed, noFolder, nameTaken
        case notFound, ambiguous, namedInConfiguration, lastAnchor, file
    }

    package let code: Code
    package let description: String
}

/// The folders of a trust list, as an operator works on them; a hub that runs notices by itself.
package struct TrustFolders: Sendable {
    /// Hexadecimal digits of a fingerprint that are enough to name something.
    private static let prefixMin = 8

    private let paths: TrustPaths

    package init(_ paths: TrustPaths) {
        self.paths = paths
    }

    // MARK: looking

    package func entries() -> [TrustEntry] {
        var seen: Set<String> = []
        return files.filter { seen.insert($0).inserted }.flatMap { path in
            Self.read(path).map { TrustEntry.all(in: $0, file: path) } ?? []
        }.sorted { ($0.kind, $0.name, $0.file) < ($1.kind, $1.name, $1.file) }
    }

    private var all: [String] { paths.anchors + paths.intermediates + paths.lists + paths.responses }

    private var files: [String] {
        all.flatMap { path in
            ((try? Directory.names(in: path)) ?? []).map { "\(path)/\($0)" }.filter(TrustFiles.isTaken)
                + (isFolder(path) ? [] : [path])
        }
    }

    private func isFolder(_ path: String) -> Bool { (try? Directory.names(in: path)) != nil }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = try? File(path, .read), let size = try? file.size(), size <= TrustFiles.fileBytesMax
        else { return nil }
        return try? file.read(at: 0, count: Int(size))
    }

    // MARK: changing

    /// Puts a file's content into the folder where it belongs.
    ///
    /// - Parameter name: what the file is called there.
    /// - Returns: what is in it; those that were there before included.
    package func add(_ bytes: [UInt8], named name: String) throws(TrustChangeError) -> [TrustEntry] {
        try Self.refuseKeys(in: bytes)
        let coming = TrustEntry.all(in: bytes, file: name)
        guard let first = coming.first else {
            throw TrustChangeError(
                code: .nothingInIt, description: "không có chứng thư, CRL hay phản hồi OCSP nào trong tệp")
        }
        guard coming.allSatisfy({ $0.kind == first.kind }) else {
            throw TrustChangeError(code: .mixed, description: "tệp chứa nhiều loại khác nhau; hãy tách ra")
        }
        let present = entries()
        for entry in coming { try Self.check(entry, beside: present) }
        let known = Set(present.map(\.sha256))
        if coming.allSatisfy({ known.contains($0.sha256) }) {
            return present.filter { entry in coming.contains { $0.sha256 == entry.sha256 } }
        }
        let path = "\(try folder(for: first.kind))/\(Self.fileName(name, first.kind))"
        guard !Directory.exists(path) else {
            throw TrustChangeError(
                code: .nameTaken, description: "đã có tệp \(path) với nội dung khác; hãy xóa nó hoặc đổi tên")
        }
        try filing { () throws(FileError) in try Directory.replace(path, with: bytes) }
        return TrustEntry.all(in: bytes, file: path)
    }

    /// Removes the file that `selector` names: its name, or the beginning of the SHA-256 of what it holds.
    package func remove(_ selector: String) throws(TrustChangeError) -> [TrustEntry] {
        let present = entries()
        let prefix = selector.lowercased()
        let isPrefix =
            prefix.utf8.count >= Self.prefixMin
            && prefix.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
        let chosen = present.filter { entry in
            Self.lastPart(of: entry.file) == selector || isPrefix && entry.sha256.hex.hasPrefix(prefix)
        }
        let found = Set(chosen.map(\.file))
        guard let path = found.first else {
            throw TrustChangeError(code: .notFound, description: "không có mục nào là \(selector)")
        }
        let held = present.filter { $0.file == path }
        // By its fingerprint one thing is meant, not its neighbours in the file.
        guard found.count == 1, held.count == chosen.count else {
            throw TrustChangeError(
                code: .ambiguous,
                description: "\(selector) chỉ nhiều mục; hãy dùng tên tệp hoặc vân tay dài hơn")
        }
        guard !all.contains(path) else {
            throw TrustChangeError(
                code: .namedInConfiguration,
                description:
                    "\(path) được nêu tên trong cấu hình; hãy bỏ nó ở đó, nếu không trục không chạy được")
        }
        let anchorsLeft = present.contains { $0.kind == .anchor && $0.file != path }
        guard anchorsLeft || !held.contains(where: { $0.kind == .anchor }) else {
            throw TrustChangeError(code: .lastAnchor, description: "không xóa chứng thư gốc cuối cùng")
        }
        try filing { () throws(FileError) in
            try Directory.remove(path)
            try Directory.synchronize(Directory.parent(of: path))
        }
        return held
    }

    private func filing(_ body: () throws(FileError) -> Void) throws(TrustChangeError) {
        do throws(FileError) {
            try body()
        } catch {
            throw TrustChangeError(code: .file, description: "không ghi được: \(error)")
        }
    }

    // MARK: rules

    private static func refuseKeys(in bytes: [UInt8]) throws(TrustChangeError) {
        let isKey = PEMBlock.all(in: bytes).contains { $0.label.hasSuffix("PRIVATE KEY") }
        guard !isKey, (try? PrivateKey(pem: bytes)) == nil else {
            throw TrustChangeError(
                code: .privateKey, description: "tệp chứa khóa riêng; khóa riêng không được đưa vào đây")
        }
    }

    private static func check(
        _ entry: TrustEntry, beside present: [TrustEntry]
    ) throws(TrustChangeError) {
        switch entry.content {
        case .certificate(let certificate):
            guard certificate.isAuthority else {
                throw TrustChangeError(
                    code: .notAnAuthority,
                    description: "\(certificate.subject) không phải chứng thư của tổ chức cấp chứng thư (CA)")
            }
        case .list(let list):
            let isKnown = present.contains { other in
                if case .certificate(let issuer) = other.content { list.isSigned(by: issuer) } else { false }
            }
            guard isKnown else {
                throw TrustChangeError(
                    code: .unknownIssuer,
                    description: "không CA nào trong danh sách tin cậy ký CRL của \(list.issuer)")
            }
        case .response: break
        }
    }

    private func folder(for kind: TrustEntry.Kind) throws(TrustChangeError) -> String {
        let (setting, candidates) =
            switch kind {
            case .anchor: ("trust.anchors", paths.anchors)
            case .intermediate: ("trust.intermediates", paths.intermediates)
            case .crl: ("trust.crls", paths.lists)
            case .ocsp: ("trust.ocsp", paths.responses)
            }
        guard let folder = candidates.first(where: isFolder) else {
            throw TrustChangeError(
                code: .noFolder,
                description: "\(setting) trong cấu hình không nêu thư mục nào; hãy thêm một thư mục")
        }
        return folder
    }

    /// The name with an ending that the hub reads, and nothing in it that leads elsewhere.
    private static func fileName(_ name: String, _ kind: TrustEntry.Kind) -> String {
        let last = lastPart(of: name)
        if TrustFiles.isTaken(last) { return last }
        return last + (kind == .crl ? ".crl" : kind == .ocsp ? ".ocsp" : ".pem")
    }

    private static func lastPart(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    }
}
