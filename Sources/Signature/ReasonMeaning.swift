/// What a reason code says, in both languages, and what it makes of the verdict.
struct ReasonMeaning {
    let subIndication: SubIndication
    let message: String
    let detail: String

    init(_ subIndication: SubIndication, _ message: String, _ detail: String) {
        self.subIndication = subIndication
        self.message = message
        self.detail = detail
    }
}

extension SignatureReasonCode {
    var meaning: ReasonMeaning {
        // A test asks for the meaning of every code.
        guard let meaning = Self.meanings[self] else { preconditionFailure("\(rawValue) has no meaning") }
        return meaning
    }

    private static let meanings: [SignatureReasonCode: ReasonMeaning] =
        documentMeanings.merging(xmlMeanings) { $1 }.merging(cmsMeanings) { $1 }
        .merging(cryptoMeanings) { $1 }.merging(signerMeanings) { $1 }.merging(timestampMeanings) { $1 }
        .merging(pdfMeanings) { $1 }

    private static let documentMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .notSigned: ReasonMeaning(
            .signedDataNotFound, "the document carries no signature",
            "Văn bản không có chữ ký số của cơ quan trong edXMLHeader"),
        .foreignSignature: ReasonMeaning(
            .signedDataNotFound,
            "the Signature element is none of http://www.w3.org/2000/09/xmldsig# and so no signature",
            "Phần tử Signature không thuộc http://www.w3.org/2000/09/xmldsig# nên không phải chữ ký số"
        ),
        .notVerified: ReasonMeaning(
            .signedDataNotFound, "signatures of this agency's letters are not verified",
            "Theo chính sách của cơ quan, chữ ký số không được kiểm tra"),
        .formatUnsupported: ReasonMeaning(
            .signedDataNotFound, "signatures inside a file of this kind are not judged",
            "Chưa kiểm tra được chữ ký bên trong loại tệp này"),
        .documentMalformed: ReasonMeaning(
            .formatFailure, "the document is not well-formed", "Tệp XML không đúng cú pháp"),
        .documentIncomplete: ReasonMeaning(
            .formatFailure, "the document ends before its root element does", "Tệp XML bị cắt ngang"),
    ]

    private static let xmlMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .signatureMisplaced: ReasonMeaning(
            .formatFailure, "ds:Signature is not a direct child of edXMLHeader",
            "ds:Signature phải nằm trực tiếp trong edXMLHeader"),
        .signatureRepeated: ReasonMeaning(
            .formatFailure, "there is more than one ds:Signature", "Văn bản có nhiều hơn một ds:Signature"),
        .signatureTooLate: ReasonMeaning(
            .formatFailure, "too much stands before ds:Signature",
            "Phần đứng trước ds:Signature quá lớn"),
        .signatureTooLarge: ReasonMeaning(
            .formatFailure, "ds:Signature is too large", "Phần tử ds:Signature quá lớn"),
        .signatureStructure: ReasonMeaning(
            .formatFailure, "ds:Signature is not built as the profile says",
            "Cấu trúc của ds:Signature không đúng quy định"),
        .signedInfoRepeated: ReasonMeaning(
            .formatFailure, "there is more than one SignedInfo", "ds:Signature có nhiều hơn một SignedInfo"),
        .referenceMissing: ReasonMeaning(
            .formatFailure, "no Reference with URI=\"\" covers the document",
            "Không có Reference với URI=\"\" bao trùm toàn bộ văn bản"),
        .referenceRepeated: ReasonMeaning(
            .formatFailure, "there are more References than the profile allows",
            "Có nhiều Reference hơn mức cho phép"),
        .referenceExternal: ReasonMeaning(
            .formatFailure, "a Reference points to something other than this document",
            "Reference trỏ tới nội dung khác ngoài văn bản này"),
        .transformForbidden: ReasonMeaning(
            .formatFailure,
            "only enveloped-signature and then one canonicalization are allowed as transforms",
            "Chỉ cho phép phép biến đổi enveloped-signature rồi đến một phép chuẩn hóa C14N"),
        .canonicalizationForbidden: ReasonMeaning(
            .formatFailure, "the canonicalization method is not allowed",
            "Phép chuẩn hóa (C14N) không được phép"),
        .keyValueForbidden: ReasonMeaning(
            .formatFailure, "KeyValue is not allowed; the key must come from a certificate",
            "Không được dùng KeyValue, khóa phải lấy từ chứng thư số (X509Certificate)"),
        .keyInfoForbidden: ReasonMeaning(
            .formatFailure, "KeyInfo may hold X509Data only", "KeyInfo chỉ được chứa X509Data"),
        .objectForbidden: ReasonMeaning(
            .formatFailure, "ds:Object may hold XAdES properties only",
            "ds:Object chỉ được chứa thuộc tính XAdES"),
        .manifestForbidden: ReasonMeaning(
            .formatFailure, "ds:Manifest is not allowed", "Không được dùng ds:Manifest"),
        .outputLengthForbidden: ReasonMeaning(
            .formatFailure, "HMACOutputLength is not allowed", "Không được dùng HMACOutputLength"),
        .identifierRepeated: ReasonMeaning(
            .formatFailure, "an Id stands twice in the signature",
            "Một giá trị Id xuất hiện hai lần trong chữ ký"),
        .unsignedPropertyForbidden: ReasonMeaning(
            .formatFailure, "an unsigned XAdES property is not allowed",
            "Thuộc tính XAdES không được ký này không được phép"),
        .propertiesMismatch: ReasonMeaning(
            .formatFailure, "the XAdES properties and their Reference do not belong together",
            "Thuộc tính XAdES và Reference của nó không khớp nhau"),
    ]

    private static let cmsMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .cmsMalformed: ReasonMeaning(
            .formatFailure, "the CMS message is not built as RFC 5652 says",
            "Chữ ký CMS sai cấu trúc RFC 5652"),
        .cmsNotDER: ReasonMeaning(
            .formatFailure, "the CMS message is not in DER", "Chữ ký CMS không được mã hóa theo DER"),
        .cmsTrailingData: ReasonMeaning(
            .formatFailure, "bytes follow the CMS message", "Có dữ liệu thừa sau chữ ký CMS"),
        .cmsTooLarge: ReasonMeaning(.formatFailure, "the CMS message is too large", "Chữ ký CMS quá lớn"),
        .cmsNoSigner: ReasonMeaning(
            .formatFailure, "the CMS message has no signer", "Chữ ký CMS không có người ký"),
        .cmsManySigners: ReasonMeaning(
            .formatFailure, "the CMS message has more than one signer", "Chữ ký CMS có nhiều hơn một người ký"
        ),
        .cmsContentEmbedded: ReasonMeaning(
            .formatFailure, "the CMS message carries its own content beside the detached one",
            "Chữ ký CMS tách rời lại mang theo nội dung riêng"),
        .cmsContentType: ReasonMeaning(
            .formatFailure, "the content type is not data, or the signed one differs",
            "Kiểu nội dung trong chữ ký CMS không đúng hoặc không khớp"),
        .cmsAttributesMissing: ReasonMeaning(
            .formatFailure, "the CMS signer has no signed attributes",
            "Chữ ký CMS không có thuộc tính được ký"),
        .cmsAttributesUnsorted: ReasonMeaning(
            .formatFailure, "the signed attributes are not in DER order",
            "Thuộc tính được ký không xếp theo thứ tự DER"),
        .cmsAttributeRepeated: ReasonMeaning(
            .formatFailure, "an attribute stands twice", "Một thuộc tính xuất hiện hai lần"),
        .cmsAttributeValues: ReasonMeaning(
            .formatFailure, "an attribute has not exactly one readable value",
            "Một thuộc tính không có đúng một giá trị đọc được"),
        .cmsDigestMissing: ReasonMeaning(
            .formatFailure, "the message-digest attribute is missing", "Thiếu thuộc tính message-digest"),
        .cmsUnsignedAttribute: ReasonMeaning(
            .formatFailure, "an unsigned attribute is not allowed",
            "Thuộc tính không được ký này không được phép"),
        .cmsAlgorithmsDiffer: ReasonMeaning(
            .formatFailure, "the algorithms named in the CMS message contradict each other",
            "Các thuật toán ghi trong chữ ký CMS mâu thuẫn nhau"),
        .signingCertificateMissing: ReasonMeaning(
            .signatureConstraintsFailure, "the signing-certificate-v2 attribute is missing",
            "Thiếu thuộc tính signing-certificate-v2"),
    ]

    private static let cryptoMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .digestForbidden: ReasonMeaning(
            .cryptoConstraintsFailure, "the digest algorithm is not allowed", "Thuật toán băm không được phép"
        ),
        .algorithmForbidden: ReasonMeaning(
            .cryptoConstraintsFailure, "the signature algorithm is not allowed",
            "Thuật toán ký không được phép"),
        .algorithmParameters: ReasonMeaning(
            .cryptoConstraintsFailure, "the signature algorithm's parameters are not allowed",
            "Tham số của thuật toán ký không được phép"),
        .keyTooShort: ReasonMeaning(
            .cryptoConstraintsFailure, "the signer's RSA key is too short", "Khóa RSA của người ký quá ngắn"),
        .keyForbidden: ReasonMeaning(
            .cryptoConstraintsFailure, "the signer's key is of a kind or curve that is not allowed",
            "Loại khóa hoặc đường cong của người ký không được phép"),
        .keyMismatch: ReasonMeaning(
            .signatureCryptoFailure, "the signer's key does not fit the signature algorithm",
            "Khóa của người ký không phù hợp với thuật toán ký"),
        .digestMismatch: ReasonMeaning(
            .hashFailure, "the document was changed after it was signed",
            "Văn bản đã bị thay đổi sau khi ký"),
        .signatureMismatch: ReasonMeaning(
            .signatureCryptoFailure, "the signature does not verify with the signer's key",
            "Chữ ký không khớp với khóa của người ký"),
        .signatureEncoding: ReasonMeaning(
            .formatFailure, "a value of the signature cannot be decoded",
            "Một giá trị trong chữ ký không giải mã được"),
        .sha1Expired: ReasonMeaning(
            .cryptoConstraintsNoProof, "the exception for SHA-1 had ended by the time that is proven",
            "Thời hạn tạm cho phép SHA-1 đã hết vào thời điểm xét"),
        .sha1Tolerated: ReasonMeaning(
            .cryptoConstraintsFailure, "SHA-1 counts for this agency until a date only",
            "Chữ ký dùng SHA-1, chỉ tạm được chấp nhận cho cơ quan này đến thời hạn"),
    ]
}
