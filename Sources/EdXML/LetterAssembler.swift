internal import Exchange

extension MessageAssembler {
    /// Of use only where nothing was found wrong: what is missing is empty in it.
    mutating func letter(_ main: Int, header: Int, envelope: Int) -> Letter {
        let sender = require(.from, in: main).map { organization($0) }
        let recipients = recipients(main)
        let documentID = requireText(.documentID, in: main)
        let code = require(.code, in: main)
        let number = code.map { requireText(.codeNumber, in: $0) } ?? ""
        let notation = code.map { requireText(.codeNotation, in: $0) } ?? ""
        let promulgation = require(.promulgationInfo, in: main)
        var promulgationDate = ""
        if let promulgation, !requireText(.promulgationDate, in: promulgation).isEmpty {
            promulgationDate = checkDay(.promulgationDate, in: promulgation)
        }
        let type = documentType(main)
        let subject = requireText(.subject, in: main)
        let attachments = attachments(envelope)
        var letter = Letter(
            sender: sender ?? Organization(organID: "", name: ""), recipients: recipients,
            documentID: ExactString(documentID), codeNumber: number, codeNotation: notation,
            place: promulgation.map { tree.text(.place, of: $0) } ?? "", promulgationDate: promulgationDate,
            documentType: type, subject: subject)
        letter.content = tree.text(.content, of: main)
        letter.signer = signer(main)
        let due = checkDay(.dueDate, in: main)
        letter.dueDate = due.isEmpty ? nil : due
        letter.otherInformation = otherInformation(main)
        letter.responseFor = answered(main)
        letter.steeringType = self.number(.steeringType, in: main)
        letter.toPlaces = texts(.place, inside: .toPlaces, of: main)
        letter.attachments = attachments
        letter.promulgationPlace = place(
            of: promulgation.flatMap { tree.child(.promulgationDate, of: $0) } ?? main)
        readTraces(header, into: &letter)
        return letter
    }

    private mutating func recipients(_ main: Int) -> [Organization] {
        let nodes = tree.children(.to, of: main)
        if nodes.isEmpty { _ = require(.to, in: main) }
        var seen: Set<ExactString> = []
        var recipients: [Organization] = []
        recipients.reserveCapacity(nodes.count)
        for node in nodes {
            let recipient = organization(node)
            if !recipient.organID.isEmpty, !seen.insert(recipient.organID).inserted {
                add(
                    .recipientRepeated, "Nơi nhận này đã có trong danh sách; mỗi OrganId chỉ ghi một lần.",
                    tree.child(.organID, of: node) ?? node)
            }
            recipients.append(recipient)
        }
        return recipients
    }

    private mutating func documentType(_ main: Int) -> DocumentType {
        guard let node = require(.documentType, in: main) else { return DocumentType(type: 0, name: "") }
        let written = requireText(.type, in: node)
        let name = requireText(.typeName, in: node)
        let type = written.isEmpty ? nil : number(.type, in: node)
        let detail = number(.typeDetail, in: node)
        return DocumentType(type: type ?? 0, detail: detail, name: name)
    }

    private func signer(_ main: Int) -> Signer? {
        guard let node = tree.child(.signerInfo, of: main) else { return nil }
        return Signer(
            competence: tree.text(.competence, of: node), position: tree.text(.position, of: node),
            fullName: tree.text(.fullName, of: node))
    }

    private mutating func otherInformation(_ main: Int) -> OtherInformation {
        var information = OtherInformation()
        guard let node = tree.child(.otherInfo, of: main) else { return information }
        if let place = tree.child(.priority, of: node), !tree.nodes[place].text.isEmpty {
            if let priority = Int(tree.nodes[place].text).flatMap(Priority.init(rawValue:)) {
                information.priority = priority
            } else {
                add(.valueInvalid, "<Priority> phải là 0, 1, 2, 3 hoặc 4.", place)
            }
        }
        information.sphereOfPromulgation = tree.text(.sphere, of: node)
        information.typerNotation = tree.text(.typerNotation, of: node)
        // For display: what is no number is as good as nothing.
        information.promulgationAmount = Int(tree.text(.promulgationAmount, of: node))
        information.pageAmount = Int(tree.text(.pageAmount, of: node))
        information.direction = tree.text(.direction, of: node)
        information.appendixes = texts(.appendix, inside: .appendixes, of: node)
        return information
    }

    private func texts(_ tag: Tag, inside list: Tag, of parent: Int) -> [String] {
        guard let node = tree.child(list, of: parent) else { return [] }
        return tree.children(tag, of: node).map { tree.nodes[$0].text }.filter { !$0.isEmpty }
    }

    private mutating func answered(_ main: Int) -> [Correspondence] {
        var answered: [Correspondence] = []
        for node in tree.children(.responseFor, of: main) {
            _ = checkDay(.promulgationDate, in: node)
            if let correspondence = correspondence(node) { answered.append(correspondence) }
        }
        return answered
    }

    // MARK: - Traces and business

    private mutating func readTraces(_ header: Int, into letter: inout Letter) {
        guard let list = tree.child(.traceHeaderList, of: header) else { return }
        letter.traces = tree.children(.traceHeader, of: list).map { node in
            Trace(
                organID: ExactString(tree.text(.organID, of: node)),
                timestamp: tree.text(.timestamp, of: node))
        }
        guard let node = tree.child(.business, of: list) else { return }
        letter.business = business(node)
        letter.business.place = place(of: tree.child(.businessDocType, of: node) ?? node)
        if letter.business.kind != .new, letter.targetDocumentIDs.isEmpty {
            add(
                .elementMissing,
                "Thu hồi, cập nhật hay thay thế phải chỉ ra văn bản cũ: ResponseFor/DocumentId, "
                    + "Bussiness/DocumentId hoặc ReplacementInfo/DocumentId.", node)
        }
    }

    private mutating func business(_ node: Int) -> Business {
        var business = Business()
        if let place = tree.child(.businessDocType, of: node), !tree.nodes[place].text.isEmpty {
            if let kind = Int(tree.nodes[place].text).flatMap(Business.Kind.init(rawValue:)) {
                business.kind = kind
            } else {
                add(.valueInvalid, "<BussinessDocType> phải là 0, 1, 2 hoặc 3.", place)
            }
        }
        let target = tree.text(.documentID, of: node)
        // Builders put a meaningless DocumentId into new letters.
        if business.kind != .new, !target.isEmpty { business.documentID = ExactString(target) }
        business.documentIDPlace = place(of: tree.child(.documentID, of: node) ?? node)
        business.reason = tree.text(.businessDocReason, of: node)
        business.hasPaperCopy = isTrue(tree.text(.paper, of: node))
        if let info = tree.child(.businessDocumentInfo, of: node) {
            business.changesDocument = isTrue(tree.text(.documentInfo, of: info))
            let list = tree.child(.receiverList, of: info)
            for receiver in list.map({ tree.children(.receiver, of: $0) }) ?? [] {
                business.receiverChanges.append(
                    Business.ReceiverChange(
                        organID: ExactString(requireText(.organID, in: receiver)),
                        isAdded: tree.text(.receiverType, of: receiver) == "1",
                        place: place(of: tree.child(.organID, of: receiver) ?? receiver)))
            }
        }
        let list = tree.child(.replacementInfoList, of: node)
        for replacement in list.map({ tree.children(.replacementInfo, of: $0) }) ?? [] {
            let organs =
                tree.child(.organIDList, of: replacement).map { tree.children(.organID, of: $0) } ?? []
            business.replacements.append(
                Business.Replacement(
                    documentID: ExactString(requireText(.documentID, in: replacement)),
                    organIDs: organs.map { ExactString(tree.nodes[$0].text) }.filter { !$0.isEmpty },
                    place: place(of: tree.child(.documentID, of: replacement) ?? replacement)))
        }
        business.staff = staff(in: node)
        return business
    }

    private func isTrue(_ text: String) -> Bool { text == "1" || text.lowercased() == "true" }

    // MARK: - Attachments

    /// One Reference for each Attachment and one Attachment for each Reference.
    private mutating func attachments(_ envelope: Int) -> [Attachment] {
        let manifest = require(.edXMLBody, in: envelope).flatMap { require(.edXMLManifest, in: $0) }
        let references = manifest.map { tree.children(.reference, of: $0) } ?? []
        // Without references the one finding below says enough.
        let list =
            references.isEmpty ? tree.child(.attachmentEncoded, of: 0) : require(.attachmentEncoded, in: 0)
        let attached = list.map { tree.children(.attachment, of: $0) } ?? []
        if references.isEmpty, attached.isEmpty {
            findings.add(
                .attachmentMissing, "Văn bản phải có ít nhất một tệp đính kèm.",
                path: "/edXML/AttachmentEncoded",
                at: tree.nodes[0].position)
        }
        var referenced: [ExactString: Int] = [:]
        for reference in references {
            guard let id = referenceID(reference) else { continue }
            if referenced.updateValue(reference, forKey: id) != nil {
                add(.attachmentRepeated, "Hai <Reference> có cùng ContentId.", reference)
            }
        }
        var attachments: [Attachment] = []
        var seen: Set<ExactString> = []
        for node in attached {
            let described = AttachmentDescription(node, in: tree)
            if described.contentID.isEmpty {
                _ = requireText(.contentID, in: node)
                continue
            }
            if !seen.insert(described.contentID).inserted {
                add(.attachmentRepeated, "Hai <Attachment> có cùng ContentId.", node)
            } else if referenced[described.contentID] == nil, manifest != nil {
                add(
                    .attachmentUnreferenced,
                    "Tệp đính kèm này không có <Reference> nào trong edXMLManifest trỏ tới.", node)
            }
            guard let content = require(.contentTransferEncoded, in: node) else { continue }
            // Without it there is a finding already.
            guard let decoded = tree.decoded(of: content) else { continue }
            if decoded.described != described {
                // It was decoded by what stood before it; readers that see the whole would do otherwise.
                add(
                    .elementMisplaced,
                    "<ContentType> và <edXMLManifest> phải đứng trước <ContentTransferEncoded>.", content)
            }
            attachments.append(
                Attachment(
                    contentID: described.contentID, name: described.name, contentType: described.contentType,
                    description: tree.text(.description, of: node), isUnpacked: described.isPacked,
                    byteCount: decoded.byteCount, sha256: decoded.sha256))
        }
        for reference in references {
            guard let id = Optional(AttachmentDescription.contentID(ofReference: reference, in: tree)),
                !id.isEmpty,
                !seen.contains(id)
            else { continue }
            add(
                .attachmentMissing, "Không có <Attachment> nào mang ContentId mà <Reference> này trỏ tới.",
                reference)
        }
        return attachments
    }

    /// Nil with a finding where it is missing, or where child and attribute disagree.
    private mutating func referenceID(_ reference: Int) -> ExactString? {
        let text = tree.text(.contentID, of: reference)
        let link = tree.link(of: reference)
        if text.isEmpty, link.isEmpty {
            _ = requireText(.contentID, in: reference)
            return nil
        }
        if !text.isEmpty, !link.isEmpty,
            AttachmentDescription.contentID(text) != AttachmentDescription.contentID(link)
        {
            add(
                .valueInvalid, "ContentId và xlink:href của <Reference> trỏ tới hai tệp khác nhau.", reference
            )
        }
        return AttachmentDescription.contentID(ofReference: reference, in: tree)
    }
}
