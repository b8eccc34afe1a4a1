internal import Exchange
internal import XML

/// Makes a message of a whole file's elements and finds what is missing or wrong [edXML 4, rule 3].
struct MessageAssembler {
    let tree: ElementTree
    let limits: EdXMLLimits
    var findings: Findings
    let lookalikes: [Lookalike]

    /// Nil where the findings left nothing that could be made.
    mutating func message() -> EdXMLMessage? {
        guard let envelope = require(.edXMLEnvelope, in: 0), let header = require(.edXMLHeader, in: envelope)
        else { return nil }
        let named = tree.child(.messageHeader, of: header)
        let statusElement = tree.child(.status, of: header)
        if named != nil, let statusElement {
            add(.elementRepeated, "Chỉ được có một trong hai thẻ <MessageHeader> và <Status>.", statusElement)
            return nil
        }
        if let statusElement { return status(statusElement).map { .status($0) } }
        guard let main = require(.messageHeader, in: header) else { return nil }
        if isStatus(main) { return status(main).map { .status($0) } }
        return .letter(letter(main, header: header, envelope: envelope))
    }

    /// A header without StatusCode is taken for a status that forgot it where it looks like nothing else.
    private func isStatus(_ main: Int) -> Bool {
        if tree.child(.statusCode, of: main) != nil { return true }
        return tree.child(.timestamp, of: main) != nil && tree.child(.to, of: main) == nil
    }

    // MARK: - Finding

    mutating func add(_ code: RejectionCode, _ detail: String, _ node: Int) {
        findings.add(code, detail, path: tree.path(of: node), at: tree.nodes[node].position)
    }

    func place(of node: Int) -> ElementPlace {
        let position = tree.nodes[node].position
        return ElementPlace(path: tree.path(of: node), line: position.line, column: position.column)
    }

    /// The child, or a finding.
    mutating func require(_ tag: Tag, in parent: Int) -> Int? {
        if let child = tree.child(tag, of: parent) { return child }
        let path = "\(tree.path(of: parent))/\(tag.rawValue)"
        if let lookalike = lookalikes.first(where: { $0.parent == parent && $0.tag == tag }) {
            let found =
                lookalike.namespace.isEmpty ? "không có xmlns" : "thuộc xmlns=\"\(lookalike.namespace)\""
            findings.add(
                .unknownNamespace,
                "Thẻ <\(tag.rawValue)> phải thuộc xmlns=\"\(EdXMLReader.namespace)\"; thẻ này \(found).",
                path: path, at: lookalike.position)
        } else {
            findings.add(
                .elementMissing,
                "Thiếu thẻ <\(tag.rawValue)> trong <\(tree.nodes[parent].rule.tag.rawValue)>.",
                path: path, at: tree.nodes[parent].position)
        }
        return nil
    }

    /// The child's text, or a finding where the child is missing or empty.
    mutating func requireText(_ tag: Tag, in parent: Int) -> String {
        guard let child = require(tag, in: parent) else { return "" }
        let text = tree.nodes[child].text
        if text.isEmpty { add(.elementMissing, "Thẻ <\(tag.rawValue)> không được để trống.", child) }
        return text
    }

    /// Nil where the child is missing or empty; a finding where it is no number.
    mutating func number(_ tag: Tag, in parent: Int) -> Int? {
        guard let child = tree.child(tag, of: parent) else { return nil }
        let text = tree.nodes[child].text
        if text.isEmpty { return nil }
        if let number = Int(text) { return number }
        add(.valueInvalid, "Thẻ <\(tag.rawValue)> phải là một số nguyên.", child)
        return nil
    }

    /// A finding where the text is neither empty nor a day.
    mutating func checkDay(_ tag: Tag, in parent: Int) -> String {
        guard let child = tree.child(tag, of: parent) else { return "" }
        let text = tree.nodes[child].text
        if !text.isEmpty, text.utf8.count != 10 || Instant(edXML: text) == nil {
            add(
                .valueInvalid,
                "<\(tag.rawValue)> phải là một ngày có thật viết yyyy/MM/dd, ví dụ 2026/11/20.", child)
        }
        return text
    }

    // MARK: - Parts that letters and statuses share

    mutating func organization(_ node: Int) -> Organization {
        let code = requireText(.organID, in: node)
        let place = tree.child(.organID, of: node) ?? node
        return Organization(
            organID: ExactString(code), inCharge: tree.text(.organizationInCharge, of: node),
            name: requireText(.organName, in: node), address: tree.text(.organAddress, of: node),
            email: tree.text(.email, of: node), telephone: tree.text(.telephone, of: node),
            fax: tree.text(.fax, of: node), website: tree.text(.website, of: node),
            place: self.place(of: place))
    }

    /// Nil where there is none, or where all its children are empty, as some software writes it.
    func correspondence(_ node: Int) -> Correspondence? {
        let correspondence = Correspondence(
            organID: ExactString(tree.text(.organID, of: node)), code: code(of: node),
            documentID: ExactString(tree.text(.documentID, of: node)),
            promulgationDate: tree.text(.promulgationDate, of: node),
            place: place(of: tree.child(.documentID, of: node) ?? node))
        let texts = [
            correspondence.organID.string, correspondence.code, correspondence.documentID.string,
            correspondence.promulgationDate,
        ]
        return texts.allSatisfy(\.isEmpty) ? nil : correspondence
    }

    private func code(of node: Int) -> String {
        tree.text(.code, of: node)
    }

    func staff(in parent: Int) -> Staff? {
        guard let node = tree.child(.staffInfo, of: parent) else { return nil }
        return Staff(
            department: tree.text(.department, of: node), name: tree.text(.staff, of: node),
            email: tree.text(.email, of: node), mobile: tree.text(.mobile, of: node))
    }

    // MARK: - Status messages

    private mutating func status(_ main: Int) -> StatusMessage? {
        if let attached = tree.child(.attachmentEncoded, of: 0), tree.child(.attachment, of: attached) != nil
        {
            add(
                .elementMisplaced, "Bản tin trạng thái không có tệp đính kèm; hãy bỏ <AttachmentEncoded>.",
                attached)
        }
        let sender = require(.from, in: main).map { organization($0) }
        let targets = tree.children(.responseFor, of: main)
        if let second = targets.dropFirst().first {
            add(.elementRepeated, "Bản tin trạng thái chỉ có một <ResponseFor>.", second)
        }
        let statusCode = requireText(.statusCode, in: main)
        let timestamp = requireText(.timestamp, in: main)
        if let node = tree.child(.timestamp, of: main), !timestamp.isEmpty, Instant(edXML: timestamp) == nil {
            add(.valueInvalid, "<Timestamp> phải viết yyyy/MM/dd HH:mm:ss, ví dụ 2026/11/20 10:02:11.", node)
        }
        guard let target = require(.responseFor, in: main) else { return nil }
        _ = requireText(.organID, in: target)
        _ = requireText(.documentID, in: target)
        _ = checkDay(.promulgationDate, in: target)
        guard let sender, let responseFor = correspondence(target) else { return nil }
        var status = StatusMessage(
            sender: sender, responseFor: responseFor, staff: staff(in: main), statusCode: statusCode,
            description: tree.text(.description, of: main), timestamp: timestamp)
        status.statusCodePlace = place(of: tree.child(.statusCode, of: main) ?? main)
        return status
    }
}
