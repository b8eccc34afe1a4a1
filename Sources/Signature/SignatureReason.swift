/// One thing that is wrong with a signature, or that a person should know about it.
package struct SignatureReason: Error, Sendable, Equatable {
    package let code: SignatureReasonCode
    /// English, for software and for the log.
    package let message: String
    /// Vietnamese, for the person who has to mend it.
    package let detail: String

    /// - Parameter subject: what it is about (an algorithm, a time), the same in both languages.
    package init(_ code: SignatureReasonCode, _ subject: String = "") {
        self.code = code
        let suffix = subject.isEmpty ? "" : ": \(subject.prefix(200))"
        message = code.meaning.message + suffix
        detail = code.meaning.detail + suffix
    }

    package var subIndication: SubIndication { code.meaning.subIndication }
}

/// Stable; `docs/errors.md` lists them. All that software may match on.
package enum SignatureReasonCode: String, Sendable, CaseIterable {
    // No signature
    case notSigned = "not_signed"
    case foreignSignature = "foreign_signature"
    case notVerified = "not_verified"
    case formatUnsupported = "format_unsupported"
    case documentMalformed = "document_malformed"
    case documentIncomplete = "document_incomplete"

    // XML-DSig
    case signatureMisplaced = "signature_misplaced"
    case signatureRepeated = "signature_repeated"
    case signatureTooLate = "signature_too_late"
    case signatureTooLarge = "signature_too_large"
    case signatureStructure = "signature_structure"
    case signedInfoRepeated = "signed_info_repeated"
    case referenceMissing = "reference_missing"
    case referenceRepeated = "reference_repeated"
    case referenceExternal = "reference_external"
    case transformForbidden = "transform_forbidden"
    case canonicalizationForbidden = "canonicalization_forbidden"
    case keyValueForbidden = "key_value_forbidden"
    case keyInfoForbidden = "key_info_forbidden"
    case objectForbidden = "object_forbidden"
    case manifestForbidden = "manifest_forbidden"
    case outputLengthForbidden = "hmac_output_length"
    case identifierRepeated = "identifier_repeated"
    case propertiesMismatch = "signed_properties_mismatch"
    case unsignedPropertyForbidden = "unsigned_property"

    // CMS
    case cmsMalformed = "cms_malformed"
    case cmsNotDER = "cms_not_der"
    case cmsTrailingData = "cms_trailing_data"
    case cmsTooLarge = "cms_too_large"
    case cmsNoSigner = "cms_no_signer"
    case cmsManySigners = "cms_many_signers"
    case cmsContentEmbedded = "cms_content_embedded"
    case cmsContentType = "cms_content_type"
    case cmsAttributesMissing = "cms_attributes_missing"
    case cmsAttributesUnsorted = "cms_attributes_unsorted"
    case cmsAttributeRepeated = "cms_attribute_repeated"
    case cmsAttributeValues = "cms_attribute_values"
    case cmsDigestMissing = "cms_digest_missing"
    case cmsUnsignedAttribute = "cms_unsigned_attribute"
    case cmsAlgorithmsDiffer = "cms_algorithms_differ"
    case signingCertificateMissing = "signing_certificate_missing"

    // Algorithms and keys
    case digestForbidden = "digest_forbidden"
    case sha1Expired = "sha1_expired"
    case algorithmForbidden = "algorithm_forbidden"
    case algorithmParameters = "algorithm_parameters"
    case keyTooShort = "key_too_short"
    case keyForbidden = "key_forbidden"
    case keyMismatch = "key_mismatch"

    // The signature itself
    case digestMismatch = "digest_mismatch"
    case signatureMismatch = "signature_mismatch"
    case signatureEncoding = "signature_encoding"

    // The signer
    case certificateMissing = "certificate_missing"
    case certificateUnreadable = "certificate_unreadable"
    case tooManyCertificates = "too_many_certificates"
    case signingCertificateMismatch = "signing_certificate_mismatch"
    case chainNotFound = "chain_not_found"
    case chainSignature = "chain_signature"
    case certificateExpired = "certificate_expired"
    case certificateNotYetValid = "certificate_not_yet_valid"
    case chainExpired = "chain_expired"
    case chainWeak = "chain_weak"
    case chainConstraint = "chain_constraint"
    case keyUsage = "key_usage"
    case extendedKeyUsage = "extended_key_usage"
    case chainInternal = "chain_internal"
    case certificateRevoked = "certificate_revoked"
    case authorityRevoked = "authority_revoked"
    case revocationUnknown = "revocation_unknown"
    case revocationNotPublished = "revocation_not_published"
    case certificateRevokedNoProof = "certificate_revoked_no_poe"
    case certificateExpiredNoProof = "certificate_expired_no_poe"

    // Timestamps
    case timestampMalformed = "timestamp_malformed"
    case timestampManySigners = "timestamp_many_signers"
    case timestampImprint = "timestamp_imprint"
    case timestampSignature = "timestamp_signature"
    case timestampAlgorithm = "timestamp_algorithm"
    case timestampCertificateMissing = "timestamp_certificate_missing"
    case timestampCertificateMismatch = "timestamp_certificate_mismatch"
    case timestampKeyUsage = "timestamp_key_usage"
    case timestampNotYetValid = "timestamp_not_yet_valid"
    case timestampExpired = "timestamp_expired"
    case timestampUntrusted = "timestamp_untrusted"
    case timestampChain = "timestamp_chain"
    case timestampRevoked = "timestamp_revoked"
    case timestampRevocationUnknown = "timestamp_revocation_unknown"
    case timestampCompromised = "timestamp_compromised"
    case timestampOrder = "timestamp_order"
    case timestampKindUnsupported = "timestamp_kind_unsupported"
    case tooManyTimestamps = "too_many_timestamps"
    case tooManyRevocationItems = "too_many_revocation_items"

    // Remarks, which lower nothing
    case sha1Tolerated = "sha1_tolerated"
    case signingTimeMisplaced = "signing_time_misplaced"
    case unsignedAttributeUnread = "unsigned_attribute_unread"
    case embeddedDataUnreadable = "embedded_data_unreadable"
    case pdfActiveContent = "pdf_active_content"

    // PDF
    case pdfUnsigned = "pdf_unsigned"
    case pdfMalformed = "pdf_malformed"
    case pdfTooLarge = "pdf_too_large"
    case pdfEncrypted = "pdf_encrypted"
    case pdfUnsupported = "pdf_unsupported"
    case pdfUnreadable = "pdf_unreadable"
    case pdfTooManySignatures = "pdf_too_many_signatures"
    case pdfSubFilter = "pdf_sub_filter"
    case pdfStructure = "pdf_structure"
    case pdfByteRangeMissing = "pdf_byte_range_missing"
    case pdfByteRangeInvalid = "pdf_byte_range_invalid"
    case pdfContentsMissing = "pdf_contents_missing"
    case pdfContentsPadding = "pdf_contents_padding"
    case pdfGapMismatch = "pdf_gap_mismatch"
    case pdfCoverage = "pdf_coverage"
    case pdfSignatureShared = "pdf_signature_shared"
    case pdfFieldRepeated = "pdf_field_repeated"
    case pdfSignatureRemoved = "pdf_signature_removed"
    case pdfCertification = "pdf_certification"
    case pdfAppendedBytes = "pdf_appended_bytes"
    case pdfChangedAfterSigning = "pdf_changed_after_signing"
    case pdfAnnotationChanged = "pdf_annotation_changed"
    case pdfFormChanged = "pdf_form_changed"
    case pdfCertificationForbids = "pdf_certification_forbids"
    case pdfFieldLocked = "pdf_field_locked"
}
