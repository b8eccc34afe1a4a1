internal import Exchange
internal import PDF

/// A signature dictionary in a file, and what its ByteRange makes of the file.
struct PDFSignatureValue {
    enum Kind: Equatable {
        /// `ETSI.CAdES.detached`
        case cades
        /// `adbe.pkcs7.detached`
        case pkcs7
        /// `ETSI.RFC3161`
        case documentTimestamp
    }

    /// What a certifying signature permits: ISO 32000-2 table 257.
    enum Permission: Int { case nothing = 1, forms, annotations }

    let kind: Kind
    let cms: [UInt8]
    let ranges: [Range<Int>]
    /// The revision that it covers to its end.
    let revision: Int
    let certification: Permission?
    let lock: Lock?
    /// What the dictionary says; where PAdES has it.
    let claimedTime: Instant?

    /// - Parameter object: the signature dictionary as it is at the last revision that has it.
    init(_ object: PDFObject, in file: PDFFile) throws(SignatureReason) {
        guard let dictionary = object.dictionary else { throw SignatureReason(.pdfStructure) }
        kind = try Self.kind(dictionary)
        let range = try Self.byteRange(dictionary, fileBytes: file.byteCount)
        guard let contents = dictionary["Contents"]?.string, let place = object.places["Contents"] else {
            throw SignatureReason(.pdfContentsMissing)
        }
        cms = try Self.value(contents)
        // Angle brackets included, and two digits for each byte.
        guard place == range[1]..<range[2], place.count == 2 * contents.count + 2,
            Self.isHexadecimal(place, in: file)
        else { throw SignatureReason(.pdfGapMismatch) }
        ranges = [0..<range[1], range[2]..<(range[2] + range[3])]
        revision = try Self.revision(endingAt: range[2] + range[3], in: file)
        (certification, lock) = try Self.references(dictionary)
        claimedTime = dictionary["M"]?.string.flatMap(PDFText.time)
    }

    private static func kind(_ dictionary: PDFDictionary) throws(SignatureReason) -> Kind {
        let name = dictionary["SubFilter"]?.name
        switch name {
        case "ETSI.CAdES.detached": return .cades
        case "adbe.pkcs7.detached": return .pkcs7
        case "ETSI.RFC3161": return .documentTimestamp
        case .some(let other): throw SignatureReason(.pdfSubFilter, other.text)
        case .none: throw SignatureReason(.pdfStructure, "SubFilter")
        }
    }

    /// `[0 a b c]`: everything before the gap, everything behind it.
    private static func byteRange(
        _ dictionary: PDFDictionary, fileBytes: Int
    ) throws(SignatureReason) -> [Int] {
        guard let value = dictionary["ByteRange"], value != .null else {
            throw SignatureReason(.pdfByteRangeMissing)
        }
        let numbers = value.array?.map { $0.integer ?? -1 } ?? []
        guard numbers.count == 4, numbers[0] == 0, numbers[1] > 0, numbers[2] > numbers[1],
            numbers[3] > 0, numbers[2] < fileBytes, numbers[3] <= fileBytes - numbers[2]
        else {
            throw SignatureReason(
                .pdfByteRangeInvalid, numbers.prefix(8).map { "\($0)" }.joined(separator: " "))
        }
        return numbers
    }

    /// The DER at the front of Contents; the rest of the room that was left for it must be zeros.
    private static func value(_ contents: [UInt8]) throws(SignatureReason) -> [UInt8] {
        guard contents.contains(where: { $0 != 0 }) else { throw SignatureReason(.pdfContentsMissing) }
        var reader = DERReader(contents)
        guard let element = try? reader.next(DERReader.Tag.sequence) else {
            throw SignatureReason(.cmsMalformed)
        }
        guard contents[element.whole.upperBound...].allSatisfy({ $0 == 0 }) else {
            throw SignatureReason(.pdfContentsPadding)
        }
        return Array(contents[element.whole])
    }

    /// No space, and no literal string, which escapes can make as long.
    private static func isHexadecimal(_ place: Range<Int>, in file: PDFFile) -> Bool {
        guard let text = try? file.source.read(at: place.lowerBound, count: place.count) else { return false }
        return text.first == 0x3C && text.last == 0x3E
            && text.dropFirst().dropLast().allSatisfy { PDFByte.hexValue($0) != nil }
    }

    private static func revision(endingAt end: Int, in file: PDFFile) throws(SignatureReason) -> Int {
        // Bytes behind the last revision that the signature covers are signed like everything else.
        if end == file.byteCount, end >= file.revisions[file.lastRevision].end { return file.lastRevision }
        for (index, revision) in file.revisions.enumerated()
        where end == revision.end || end == revision.endWithLineEnd {
            return index
        }
        throw SignatureReason(.pdfCoverage)
    }

    // MARK: - Certification and locks

    private static func references(
        _ dictionary: PDFDictionary
    ) throws(SignatureReason) -> (Permission?, Lock?) {
        guard let value = dictionary["Reference"] else { return (nil, nil) }
        guard let list = value.array, list.count <= 8 else {
            throw SignatureReason(.pdfStructure, "Reference")
        }
        var permission: Permission?
        var lock: Lock?
        for item in list {
            // By reference, a later revision could say something else.
            guard let reference = item.dictionary else { throw SignatureReason(.pdfStructure, "Reference") }
            let parameters = reference["TransformParams"]
            guard parameters == nil || parameters?.dictionary != nil else {
                throw SignatureReason(.pdfStructure, "TransformParams")
            }
            switch reference["TransformMethod"]?.name {
            case "DocMDP":
                guard permission == nil else { throw SignatureReason(.pdfCertification) }
                permission = try self.permission(parameters?.dictionary)
            case "FieldMDP":
                guard lock == nil else { throw SignatureReason(.pdfStructure, "FieldMDP") }
                lock = try Lock(parameters?.dictionary)
            default: throw SignatureReason(.pdfStructure, "TransformMethod")
            }
        }
        return (permission, lock)
    }

    private static func permission(_ parameters: PDFDictionary?) throws(SignatureReason) -> Permission {
        guard let value = parameters?["P"] else { return .forms }
        guard let permission = value.integer.flatMap(Permission.init(rawValue:)) else {
            throw SignatureReason(.pdfCertification)
        }
        return permission
    }
}
