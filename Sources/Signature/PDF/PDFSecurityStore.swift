internal import PDF

/// What a file brings along to be judged by: the document security store of EN 319 142-1 section 5.4.2.
///
/// VRI says what was used for which signature. Its word for that is not needed, and not taken: what does not
/// fit a signature is not used. What some software writes there and nowhere else is read like the rest.
struct PDFSecurityStore {
    private(set) var certificates: [[UInt8]] = []
    private(set) var revocation = RevocationValues()

    private static let itemBytesMax = 4 << 20
    private static let bytesMax = 16 << 20
    private static let signaturesMax = 256
    /// Every signature's chain is looked for among all of them, and no cache holds thousands.
    static let certificatesMax = 512

    var isEmpty: Bool { certificates.isEmpty && revocation.isEmpty }

    init(of file: PDFFile, at revision: Int) throws(PDFFault) {
        let catalog = try file.catalog(at: revision)
        guard let store = try file.resolve(catalog?["DSS"], at: revision).dictionary else { return }
        var reader = Reader(file: file, revision: revision)
        certificates = try reader.items(store["Certs"])
        var lists = try reader.items(store["CRLs"])
        var responses = try reader.items(store["OCSPs"])
        let used = try file.resolve(store["VRI"], at: revision).dictionary?.entries ?? [:]
        guard used.count <= Self.signaturesMax else { throw PDFFault(.tooLarge, "security store", at: 0) }
        for value in used.values {
            guard let entry = try file.resolve(value, at: revision).dictionary else { continue }
            certificates += try reader.items(entry["Cert"])
            lists += try reader.items(entry["CRL"])
            responses += try reader.items(entry["OCSP"])
        }
        var seen: Set<[UInt8]> = []
        certificates.removeAll { !seen.insert($0).inserted }
        guard certificates.count <= Self.certificatesMax else {
            throw PDFFault(.tooLarge, "security store", at: 0)
        }
        do {
            for list in lists { try revocation.add(list: list) }
            for response in responses { try revocation.add(response: response) }
        } catch {
            throw PDFFault(.tooLarge, "security store", at: 0)
        }
    }

    private struct Reader {
        let file: PDFFile
        let revision: Int
        private var seen: Set<PDFReference> = []
        private var left = PDFSecurityStore.bytesMax

        init(file: PDFFile, revision: Int) {
            self.file = file
            self.revision = revision
        }

        /// Those that have not been read yet.
        mutating func items(_ value: PDFValue?) throws(PDFFault) -> [[UInt8]] {
            let list = try file.resolve(value, at: revision).array ?? []
            guard list.count <= RevocationValues.itemsMax else {
                throw PDFFault(.tooLarge, "security store", at: 0)
            }
            var items: [[UInt8]] = []
            for value in list {
                guard let reference = value.reference, seen.insert(reference).inserted,
                    let object = try file.object(reference, at: revision), let range = object.stream
                else { continue }
                guard range.count <= itemBytesMax, let bytes = try file.stream(of: object) else {
                    throw PDFFault(.tooLarge, "security store", at: range.lowerBound)
                }
                left -= bytes.count
                guard left >= 0 else { throw PDFFault(.tooLarge, "security store", at: range.lowerBound) }
                items.append(bytes)
            }
            return items
        }
    }
}
