internal import Exchange
package import Files
package import XML

/// Writes a letter as edXML (QCVN 102:2016): element order, prefixes and encodings as the builder that
/// agencies use writes them. Memory does not grow with the attachments.
package enum LetterWriter {
    /// A multiple of three, so that each piece but the last is whole groups of base 64.
    private static let chunkBytes = 192 << 10

    /// Writes to `sink`; a sink that can fail keeps its own failure.
    ///
    /// - Throws: `DraftError`; nothing was written where it is `.invalid`.
    package static func write(_ draft: LetterDraft, to sink: any ByteSink) throws(DraftError) {
        try write(draft, to: sink) { () throws(DraftError) in }
    }

    /// Writes from the file's start; the caller makes it durable.
    ///
    /// - Parameter progress: told the bytes written so far.
    /// - Returns: the letter's size in bytes.
    @discardableResult
    package static func write(
        _ draft: LetterDraft, to file: File, progress: (Int64) -> Void = { _ in }
    ) throws(DraftError) -> Int64 {
        let sink = FileSink(file)
        try write(draft, to: sink) { () throws(DraftError) in
            if let failure = sink.failure { throw .file(failure) }
            progress(sink.byteCount)
        }
        return sink.byteCount
    }

    private static func write(
        _ draft: LetterDraft, to sink: any ByteSink, check: () throws(DraftError) -> Void
    ) throws(DraftError) {
        try DraftChecks.letter(draft)
        let output = EdXMLOutput(sink)
        output.openHeader()
        writeMessageHeader(draft, output)
        writeTrace(draft, output)
        output.close("edXML:edXMLHeader")
        writeManifest(draft, output)
        output.close("edXML:edXMLEnvelope")
        output.open("AttachmentEncoded")
        for attachment in draft.attachments { try write(attachment, output, check) }
        output.close("AttachmentEncoded")
        output.close("edXML")
        output.flush()
        try check()
    }

    private static func writeMessageHeader(_ draft: LetterDraft, _ output: EdXMLOutput) {
        output.group("edXML:MessageHeader") {
            output.organization("edXML:From", draft.sender)
            for recipient in draft.recipients { output.organization("edXML:To", recipient) }
            output.element("edXML:DocumentId", draft.documentID.string)
            output.group("edXML:Code") {
                output.element("edXML:CodeNumber", draft.codeNumber)
                output.element("edXML:CodeNotation", draft.codeNotation)
            }
            output.group("edXML:PromulgationInfo") {
                output.element("edXML:Place", draft.place)
                output.element("edXML:PromulgationDate", draft.promulgationDate)
            }
            output.group("edXML:DocumentType") {
                output.element("edXML:Type", String(draft.type.code))
                output.element("edXML:TypeDetail", optional: draft.type.detail)
                output.element("edXML:TypeName", draft.type.name)
            }
            output.element("edXML:Subject", draft.subject)
            output.element("edXML:Content", optional: draft.content)
            if let signer = draft.signer {
                output.group("edXML:SignerInfo") {
                    output.element("edXML:Competence", optional: signer.competence)
                    output.element("edXML:Position", optional: signer.position)
                    output.element("edXML:FullName", signer.fullName)
                }
            }
            output.element("edXML:DueDate", optional: draft.dueDate)
            writeOtherInfo(draft, output)
            for letter in draft.responseFor { output.responseFor(letter) }
            output.element("edXML:SteeringType", optional: draft.steeringType)
            if !draft.toPlaces.isEmpty {
                output.group("edXML:ToPlaces") {
                    for place in draft.toPlaces { output.element("edXML:Place", place) }
                }
            }
        }
    }

    private static func writeOtherInfo(_ draft: LetterDraft, _ output: EdXMLOutput) {
        output.group("edXML:OtherInfo") {
            output.element("edXML:Priority", String(draft.priority.rawValue))
            output.element("edXML:SphereOfPromulgation", optional: draft.sphereOfPromulgation)
            output.element("edXML:TyperNotation", optional: draft.typerNotation)
            output.element("edXML:PromulgationAmount", optional: draft.promulgationAmount)
            output.element("edXML:PageAmount", optional: draft.pageAmount)
            output.element("edXML:Direction", optional: draft.isDirection.map { $0 ? "true" : "false" })
            if !draft.appendixes.isEmpty {
                output.group("edXML:Appendixes") {
                    for appendix in draft.appendixes { output.element("edXML:Appendix", appendix) }
                }
            }
        }
    }

    /// A new letter has no `Bussiness/DocumentId`: that element names another letter.
    private static func writeTrace(_ draft: LetterDraft, _ output: EdXMLOutput) {
        output.group("edXML:TraceHeaderList") {
            output.group("edXML:TraceHeader") {
                output.element("edXML:OrganId", draft.sender.code.string)
                output.element("edXML:Timestamp", draft.tracedAt.edXMLTimestamp)
            }
            output.group("edXML:Bussiness") {
                if draft.business.kind != .new {
                    output.element("edXML:DocumentId", optional: draft.business.documentID?.string)
                }
                output.element("edXML:BussinessDocType", String(draft.business.kind.rawValue))
                output.element("edXML:BussinessDocReason", draft.reason)
                output.element("edXML:Paper", draft.paperFollows ? "1" : "0")
                writeChanges(draft.business, output)
                output.staff(draft.staff)
            }
        }
    }

    /// What an update changes and a replacement replaces.
    private static func writeChanges(_ business: Business, _ output: EdXMLOutput) {
        if business.kind == .update {
            output.group("edXML:BussinessDocumentInfo") {
                output.element("edXML:DocumentInfo", business.changesDocument ? "1" : "0")
                output.element("edXML:DocumentReceiver", business.receiverChanges.isEmpty ? "0" : "1")
                guard !business.receiverChanges.isEmpty else { return }
                output.group("edXML:ReceiverList") {
                    for change in business.receiverChanges {
                        output.group("edXML:Receiver") {
                            output.element("edXML:OrganId", change.organID.string)
                            output.element("edXML:ReceiverType", change.isAdded ? "1" : "0")
                        }
                    }
                }
            }
        }
        guard business.kind == .replace, !business.replacements.isEmpty else { return }
        output.group("edXML:ReplacementInfoList") {
            for replacement in business.replacements {
                output.group("edXML:ReplacementInfo") {
                    output.element("edXML:DocumentId", replacement.documentID.string)
                    guard !replacement.organIDs.isEmpty else { return }
                    output.group("edXML:OrganIdList") {
                        for code in replacement.organIDs { output.element("edXML:OrganId", code.string) }
                    }
                }
            }
        }
    }

    private static func writeManifest(_ draft: LetterDraft, _ output: EdXMLOutput) {
        output.group("edXML:edXMLBody") {
            output.group("edXML:edXMLManifest", "version=\"1.0\"") {
                for attachment in draft.attachments {
                    output.group("edXML:Reference") {
                        output.element("edXML:ContentId", "cid:\(attachment.contentID)")
                        output.element("edXML:ContentType", attachment.wireContentType)
                        output.element("edXML:Description", optional: attachment.description)
                        output.element("edXML:AttachmentName", attachment.wireName)
                    }
                }
            }
        }
    }

    private static func write(
        _ attachment: AttachmentDraft, _ output: EdXMLOutput, _ check: () throws(DraftError) -> Void
    ) throws(DraftError) {
        output.open("Attachment")
        output.element("ContentId", "cid:\(attachment.contentID)")
        output.element("AttachmentName", attachment.wireName)
        output.element("Description", optional: attachment.description)
        output.element("ContentType", attachment.wireContentType)
        output.openContent("edXML:ContentTransferEncoded", EdXMLOutput.prefixAttributes)
        var encoder = Base64StreamEncoder()
        let file = try open(attachment.path)
        if attachment.isZipped {
            try ZipEntryWriter(file, entryName: attachment.entryName).write { (bytes) throws(DraftError) in
                output.content(encoder.encode(bytes))
                try check()
            }
        } else {
            var offset: Int64 = 0
            while true {
                let chunk = try file.chunk(at: offset, count: chunkBytes)
                output.content(encoder.encode(chunk.span))
                try check()
                offset += Int64(chunk.count)
                if chunk.count < chunkBytes { break }
            }
        }
        output.content(encoder.finish())
        output.closeContent("edXML:ContentTransferEncoded")
        output.close("Attachment")
    }

    private static func open(_ path: String) throws(DraftError) -> File {
        do { return try File(path, .read) } catch { throw .file(error) }
    }
}

/// Writes one piece after the other; remembers the first failure and writes nothing after it.
private final class FileSink: ByteSink {
    private let file: File
    private(set) var byteCount: Int64 = 0
    private(set) var failure: FileError?

    init(_ file: File) {
        self.file = file
    }

    func write(_ bytes: Span<UInt8>) {
        guard failure == nil else { return }
        do {
            try file.write(bytes, at: byteCount)
            byteCount += Int64(bytes.count)
        } catch {
            failure = error
        }
    }
}
