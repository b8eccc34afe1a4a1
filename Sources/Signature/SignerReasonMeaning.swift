/// Reasons about the signer and about timestamps.
extension SignatureReasonCode {
    static let signerMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .certificateMissing: ReasonMeaning(
            .noSigningCertificateFound, "the signer's certificate is neither in the signature nor registered",
            "Không tìm thấy chứng thư số của người ký"),
        .certificateUnreadable: ReasonMeaning(
            .formatFailure, "a certificate cannot be read", "Không đọc được chứng thư số"),
        .tooManyCertificates: ReasonMeaning(
            .formatFailure, "the signature carries too many certificates", "Chữ ký kèm quá nhiều chứng thư số"
        ),
        .signingCertificateMismatch: ReasonMeaning(
            .signatureConstraintsFailure, "the signed properties name another certificate than the signer's",
            "Chứng thư số nêu trong thuộc tính được ký không phải của người ký"),
        .chainNotFound: ReasonMeaning(
            .noCertificateChainFound, "no chain leads from the signer to a trusted root",
            "Chứng thư số không thuộc hệ thống chứng thực được tin cậy"),
        .chainSignature: ReasonMeaning(
            .certificateChainGeneralFailure, "a certificate of the chain is not signed by its issuer",
            "Một chứng thư số trong chuỗi không do nơi phát hành ký"),
        .certificateExpired: ReasonMeaning(
            .expired, "the signer's certificate had expired at that time",
            "Chứng thư số đã hết hạn vào thời điểm xét"),
        .certificateNotYetValid: ReasonMeaning(
            .notYetValid, "the signer's certificate was not yet valid at that time",
            "Chứng thư số chưa có hiệu lực vào thời điểm xét"),
        .chainExpired: ReasonMeaning(
            .chainConstraintsFailure, "a certificate above the signer's was not valid at that time",
            "Chứng thư của nơi phát hành không có hiệu lực vào thời điểm xét"),
        .chainWeak: ReasonMeaning(
            .cryptoConstraintsFailure, "a certificate of the chain uses a weak key or algorithm",
            "Một chứng thư số trong chuỗi dùng khóa hoặc thuật toán yếu"),
        .chainConstraint: ReasonMeaning(
            .chainConstraintsFailure, "the chain breaks a constraint that it states",
            "Chuỗi chứng thư số vi phạm ràng buộc của chính nó"),
        .keyUsage: ReasonMeaning(
            .chainConstraintsFailure, "the signer's key is not for signing",
            "Khóa của chứng thư số không dùng để ký"),
        .extendedKeyUsage: ReasonMeaning(
            .chainConstraintsFailure, "the signer's certificate is not for signing documents",
            "Chứng thư số không dùng để ký văn bản"),
        .chainInternal: ReasonMeaning(
            .certificateChainGeneralFailure, "the chain could not be checked",
            "Không kiểm tra được chuỗi chứng thư số"),
        .certificateRevoked: ReasonMeaning(
            .revoked, "the signer's certificate was revoked", "Chứng thư số của người ký đã bị thu hồi"),
        .authorityRevoked: ReasonMeaning(
            .revokedAuthority, "a certificate above the signer's was revoked",
            "Chứng thư số của nơi phát hành đã bị thu hồi"),
        .revocationUnknown: ReasonMeaning(
            .tryLater, "whether the certificate was revoked cannot be told now",
            "Chưa xác định được chứng thư số có bị thu hồi hay không"),
        .revocationNotPublished: ReasonMeaning(
            .tryLater, "nobody publishes whether the certificate is revoked",
            "Không có nguồn thông tin thu hồi cho chứng thư số"),
        .certificateRevokedNoProof: ReasonMeaning(
            .revokedNoProof,
            "the certificate was revoked, and whether the timestamp before that holds is open",
            "Chứng thư số đã bị thu hồi và chưa xác định được dấu thời gian trước đó có hợp lệ hay không"),
        .certificateExpiredNoProof: ReasonMeaning(
            .outOfBoundsNoProof,
            "the certificate had expired, and whether an earlier timestamp holds is open",
            "Chứng thư số đã hết hạn và chưa xác định được dấu thời gian trước đó có hợp lệ hay không"),
    ]

    static let timestampMeanings: [SignatureReasonCode: ReasonMeaning] = [
        .timestampMalformed: ReasonMeaning(
            .formatFailure, "a timestamp is not built as RFC 3161 says",
            "Dấu thời gian sai cấu trúc RFC 3161"),
        .timestampManySigners: ReasonMeaning(
            .formatFailure, "a timestamp has more than one signer", "Dấu thời gian có nhiều hơn một chữ ký"),
        .timestampImprint: ReasonMeaning(
            .hashFailure, "a timestamp was made over something else",
            "Dấu thời gian không thuộc về chữ ký này"),
        .timestampSignature: ReasonMeaning(
            .signatureCryptoFailure, "a timestamp's own signature does not verify",
            "Chữ ký của dấu thời gian không đúng"),
        .timestampAlgorithm: ReasonMeaning(
            .cryptoConstraintsFailure, "a timestamp uses an algorithm or a key that is not allowed",
            "Dấu thời gian dùng thuật toán hoặc khóa không được phép"),
        .timestampCertificateMissing: ReasonMeaning(
            .noSigningCertificateFound, "the certificate of the timestamp's authority is not there",
            "Không tìm thấy chứng thư số của nơi cấp dấu thời gian"),
        .timestampCertificateMismatch: ReasonMeaning(
            .formatFailure, "a timestamp does not name the certificate of its authority",
            "Dấu thời gian không nêu đúng chứng thư số của nơi cấp"),
        .timestampKeyUsage: ReasonMeaning(
            .formatFailure, "the timestamp's certificate is not for timestamping and that alone",
            "Chứng thư số của dấu thời gian không dành riêng cho việc cấp dấu thời gian"),
        .timestampNotYetValid: ReasonMeaning(
            .notYetValid, "a timestamp is older than its authority's certificate",
            "Dấu thời gian có trước khi chứng thư số của nơi cấp có hiệu lực"),
        .timestampExpired: ReasonMeaning(
            .expired, "the certificate of the timestamp's authority had expired by then",
            "Chứng thư số của nơi cấp dấu thời gian đã hết hạn vào lúc cấp"),
        .timestampUntrusted: ReasonMeaning(
            .noCertificateChainFound, "no chain leads from the timestamp's authority to a trusted root",
            "Nơi cấp dấu thời gian không thuộc hệ thống chứng thực được tin cậy"),
        .timestampChain: ReasonMeaning(
            .chainConstraintsFailure, "the chain of the timestamp's authority does not hold",
            "Chuỗi chứng thư số của nơi cấp dấu thời gian không hợp lệ"),
        .timestampRevoked: ReasonMeaning(
            .revoked, "the certificate of the timestamp's authority was revoked by then",
            "Chứng thư số của nơi cấp dấu thời gian đã bị thu hồi vào lúc cấp"),
        .timestampRevocationUnknown: ReasonMeaning(
            .tryLater, "whether the certificate of the timestamp's authority was revoked cannot be told now",
            "Chưa xác định được chứng thư số của nơi cấp dấu thời gian có bị thu hồi hay không"),
        .timestampCompromised: ReasonMeaning(
            .revokedNoProof, "the key of the timestamp's authority was compromised before the receipt",
            "Khóa của nơi cấp dấu thời gian đã bị lộ trước khi nhận văn bản"),
        .timestampOrder: ReasonMeaning(
            .timestampOrderFailure, "a timestamp is later than the receipt or than a timestamp over it",
            "Dấu thời gian muộn hơn lúc nhận, hoặc muộn hơn dấu thời gian bao trùm nó"),
        .timestampKindUnsupported: ReasonMeaning(
            .signatureConstraintsFailure, "a timestamp of this kind is not judged; renew it as CAdES-LTA",
            "Chưa kiểm tra được loại dấu thời gian này; hãy gia hạn chữ ký theo CAdES-LTA"),
        .tooManyTimestamps: ReasonMeaning(
            .formatFailure, "the signature carries too many timestamps",
            "Chữ ký kèm quá nhiều dấu thời gian"),
        .tooManyRevocationItems: ReasonMeaning(
            .formatFailure, "the signature carries too many CRLs and OCSP responses",
            "Chữ ký kèm quá nhiều thông tin thu hồi"),
        .signingTimeMisplaced: ReasonMeaning(
            .formatFailure, "the signing time stands in the CMS attributes and not in the PDF",
            "Giờ ký được ghi trong thuộc tính CMS thay vì trong PDF"),
        .unsignedAttributeUnread: ReasonMeaning(
            .formatFailure, "an unsigned attribute that proves nothing was passed over",
            "Bỏ qua một thuộc tính không được ký, không có giá trị chứng minh"),
        .embeddedDataUnreadable: ReasonMeaning(
            .formatFailure, "revocation data in the signature cannot be read and does not count",
            "Không đọc được một phần thông tin thu hồi kèm chữ ký nên bỏ qua"),
    ]
}
