extension SignatureReasonCode {
    static let pdfMeanings: [SignatureReasonCode: ReasonMeaning] =
        pdfFileMeanings.merging(pdfSignatureMeanings) { $1 }.merging(pdfChangeMeanings) { $1 }

    private static let pdfFileMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .pdfUnsigned: ReasonMeaning(
            .signedDataNotFound, "the PDF carries no signature", "Tệp PDF không có chữ ký số"),
        .pdfMalformed: ReasonMeaning(
            .formatFailure, "the PDF is not built as ISO 32000-2 says, and a broken one is not repaired",
            "Tệp PDF có cấu trúc sai so với ISO 32000-2; trục không sửa hộ tệp hỏng"),
        .pdfTooLarge: ReasonMeaning(
            .signedDataNotFound, "the PDF is beyond a limit of what is judged",
            "Tệp PDF vượt quá giới hạn kiểm tra"),
        .pdfEncrypted: ReasonMeaning(
            .signedDataNotFound, "the PDF is encrypted, so its signatures cannot be judged",
            "Tệp PDF bị mã hóa nên không kiểm tra được chữ ký"),
        .pdfUnsupported: ReasonMeaning(
            .signedDataNotFound, "the PDF uses something that is not supported in a signed file",
            "Tệp PDF dùng cách ghi chưa được hỗ trợ cho tệp có chữ ký"),
        .pdfUnreadable: ReasonMeaning(
            .signedDataNotFound, "the PDF could not be read", "Không đọc được tệp PDF"),
        .pdfTooManySignatures: ReasonMeaning(
            .signedDataNotFound, "the PDF has more signatures than are judged",
            "Tệp PDF có quá nhiều chữ ký"),
        .pdfActiveContent: ReasonMeaning(
            .formatFailure,
            "scripts, actions or data from elsewhere can change what the signed PDF shows",
            "Tệp PDF có mã lệnh, hành động hoặc dữ liệu ngoài tệp có thể làm thay đổi nội dung hiển thị"),
    ]

    private static let pdfSignatureMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .pdfSubFilter: ReasonMeaning(
            .signedDataNotFound, "signatures of this SubFilter are not judged",
            "Chưa kiểm tra được chữ ký PDF thuộc loại này (SubFilter)"),
        .pdfStructure: ReasonMeaning(
            .formatFailure, "the signature dictionary is not built as ISO 32000-2 says",
            "Từ điển chữ ký trong PDF không đúng quy định"),
        .pdfByteRangeMissing: ReasonMeaning(
            .formatFailure, "the signature has no ByteRange, so it covers nothing",
            "Chữ ký không có ByteRange nên không bảo vệ nội dung nào"),
        .pdfByteRangeInvalid: ReasonMeaning(
            .formatFailure,
            "the ByteRange is not [0 a b c] with two ranges inside the file and a gap between",
            "ByteRange không đúng dạng [0 a b c], hoặc vượt ra ngoài tệp"),
        .pdfContentsMissing: ReasonMeaning(
            .formatFailure, "the signature's Contents is missing, empty or no direct string",
            "Chữ ký không có giá trị (Contents trống hoặc không ghi trực tiếp)"),
        .pdfContentsPadding: ReasonMeaning(
            .formatFailure, "something else than zeros follows the signature's value in Contents",
            "Sau giá trị chữ ký trong Contents còn dữ liệu khác số không"),
        .pdfGapMismatch: ReasonMeaning(
            .formatFailure, "what the ByteRange leaves out is not exactly this signature's Contents",
            "Phần ByteRange bỏ qua không trùng khít với Contents của chữ ký này"),
        .pdfCoverage: ReasonMeaning(
            .formatFailure, "the ByteRange does not end where a revision of the file ends",
            "ByteRange không kết thúc ở cuối một phiên bản của tệp"),
        .pdfSignatureShared: ReasonMeaning(
            .formatFailure, "two signature fields share one signature",
            "Hai trường chữ ký dùng chung một chữ ký"),
        .pdfFieldRepeated: ReasonMeaning(
            .formatFailure, "two fields have the same name", "Hai trường biểu mẫu trùng tên nhau"),
        .pdfSignatureRemoved: ReasonMeaning(
            .formatFailure, "a later revision of the file takes this signature away",
            "Phiên bản sau của tệp đã gỡ bỏ chữ ký này"),
        .pdfCertification: ReasonMeaning(
            .formatFailure, "the certification (DocMDP) is not the file's first signature, or is malformed",
            "Chữ ký chứng nhận (DocMDP) không phải chữ ký đầu tiên, hoặc ghi sai"),
    ]

    private static let pdfChangeMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .pdfAppendedBytes: ReasonMeaning(
            .formatFailure, "bytes stand behind the last revision that no signature covers",
            "Sau phiên bản cuối của tệp còn dữ liệu không được chữ ký nào bảo vệ"),
        .pdfChangedAfterSigning: ReasonMeaning(
            .formatFailure, "the document was changed after signing",
            "Nội dung tệp PDF đã bị sửa sau khi ký"),
        .pdfAnnotationChanged: ReasonMeaning(
            .formatFailure, "annotations were added, changed or removed after signing",
            "Chú thích trên trang PDF đã bị thêm, sửa hoặc xóa sau khi ký"),
        .pdfFormChanged: ReasonMeaning(
            .formatFailure, "form fields were changed after signing, and no certification permits that",
            "Biểu mẫu đã bị điền hoặc sửa sau khi ký mà không được phép"),
        .pdfCertificationForbids: ReasonMeaning(
            .formatFailure, "the certification (DocMDP) does not permit what was added later",
            "Chữ ký chứng nhận (DocMDP) không cho phép thay đổi đã thực hiện sau đó"),
        .pdfFieldLocked: ReasonMeaning(
            .formatFailure, "a field was changed that the signature locks (FieldMDP)",
            "Trường biểu mẫu đã bị chữ ký khóa (FieldMDP) nhưng vẫn bị sửa"),
    ]
}
