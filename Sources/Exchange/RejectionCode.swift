/// Stable codes that software may match on; `docs/errors.md` lists every one, and a test keeps it so.
package enum RejectionCode: String, Sendable, CaseIterable {
    // The request
    case badRequest = "bad_request"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case unsupportedMediaType = "unsupported_media_type"
    case tooLarge = "too_large"
    case payloadPurged = "payload_purged"
    case rangeNotSatisfiable = "range_not_satisfiable"
    case uploadConflict = "upload_conflict"
    case digestMismatch = "digest_mismatch"
    case reportTooLarge = "report_too_large"

    // The caller
    case unknownCaller = "unknown_caller"
    case forbidden = "forbidden"
    case notYourAgency = "not_your_agency"
    case agencyNotActive = "agency_not_active"

    // The hub
    case tooManyRequests = "too_many_requests"
    case overloaded = "overloaded"
    case storageFull = "storage_full"
    case storageUnavailable = "storage_unavailable"
    case stopping = "stopping"

    // XML
    case malformedXML = "malformed_xml"
    case encodingNotUTF8 = "encoding_not_utf8"
    case doctypeForbidden = "doctype_forbidden"
    case xmlTooDeep = "xml_too_deep"
    case xmlTooLarge = "xml_too_large"
    case unknownNamespace = "unknown_namespace"
    case notEdXML = "not_edxml"

    // The letter
    case elementMissing = "element_missing"
    case elementRepeated = "element_repeated"
    case elementMisplaced = "element_misplaced"
    case valueInvalid = "value_invalid"
    case valueTooLong = "value_too_long"
    case markupInIdentifier = "markup_in_identifier"
    case recipientRepeated = "recipient_repeated"
    case recipientUnknown = "recipient_unknown"
    case recipientNotActive = "recipient_not_active"
    case tooManyRecipients = "too_many_recipients"
    case secretLetter = "secret_letter"
    case targetUnknown = "target_unknown"
    case targetNotYours = "target_not_yours"
    case targetNotRecipient = "target_not_recipient"
    case documentConflict = "document_conflict"
    case documentReserialized = "document_reserialized"

    // Attachments
    case attachmentMissing = "attachment_missing"
    case attachmentUnreferenced = "attachment_unreferenced"
    case attachmentRepeated = "attachment_repeated"
    case attachmentEncoding = "attachment_encoding"
    case attachmentArchive = "attachment_archive"
    case attachmentTooLarge = "attachment_too_large"
    case attachmentName = "attachment_name"
    case tooManyAttachments = "too_many_attachments"

    // Signatures
    case signatureMissing = "signature_missing"
    case signatureInvalid = "signature_invalid"
    case signatureIndeterminate = "signature_indeterminate"
    case revocationUnknown = "revocation_unknown"
    case signerNotRegistered = "signer_not_registered"

    // Statuses
    case statusTargetUnknown = "status_target_unknown"
    case statusNotRecipient = "status_not_recipient"
    case statusCodeUnknown = "status_code_unknown"

    // Deliveries
    case leaseStale = "lease_stale"
    case deliveryNotFound = "delivery_not_found"
    case deliveryNotDead = "delivery_not_dead"
    case deliveryWithdrawn = "delivery_withdrawn"
    case deliveryReturned = "delivery_returned"
    case deadLetterNotReturnable = "dead_letter_not_returnable"

    // Keeping
    case legalHold = "legal_hold"

    // Webhooks
    case webhooksForbidden = "webhooks_forbidden"
    case webhookURLRefused = "webhook_url_refused"
    case tooManyWebhooks = "too_many_webhooks"
}
