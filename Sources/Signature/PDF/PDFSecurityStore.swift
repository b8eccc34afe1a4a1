internal import PDF

/// What a file brings along to be judged by: the document security store of EN 319 142-1 section 5.4.2.
///
/// VRI, which says what belongs to which signature, is not needed: everything in it stands in the lists, too,
/// and what does not fit is not used.
struct PDFSecurityStore {
    private(set) var certificates: [[UInt8]] = []
    private(set) var revocation = RevocationValues()

    private static let itemBytesMax = 4 << 20
    private static let bytesMax = 16 << 20

    var isEmpty: Bool { certificates.isEmpty && revocation.isEmpty }

    init(of file: PDFFile, at revision: Int) throws(PDFFault) {
        let catalog = try file.resolve(file.trailer(at: revision)["Root"], at: revision)
        guard let store = try file.resolve(catalog.dictionary?["DSS"], at: revision).dictionary else {
            return
        }
        var left = Self.bytesMax
        certificates = try Self.items(store["Certs"], in: file, at: revision, &left)
        let lists = try Self.items(store["CRLs"], in: file, at: revision, &left)
        let responses = try Self.items(store["OCSPs"], in: file, at: revision, &left)
        do {
            for list in lists { try revocation.add(list: list) }
            for response in responses { try revocation.add(response: response) }
        } catch {
            throw PDFFault(.tooLarge, "security store", at: 0)
        }
    }

    private static func items(
        _ value: PDFValue?, in file: PDFFile, at revision: Int, _ left: inout Int
    ) throws(PDFFault) -> [[UInt8]] {
        let list = try file.resolve(value, at: revision).array ?? []
        guard list.count <= RevocationValues.itemsMax else {
            throw PDFFault(.tooLarge, "security store", at: 0)
        }
        var items: [[UInt8]] = []
        for value in list {
            guard let reference = value.reference, let object = try file.object(reference, at: revision),
                let range = object.stream
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
