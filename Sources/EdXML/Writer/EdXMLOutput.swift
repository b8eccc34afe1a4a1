internal import Exchange
internal import XML

/// Writes elements, indented as the published samples are, in pieces of bounded size.
final class EdXMLOutput {
    static let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
    private static let bufferBytes = 64 << 10

    private let sink: any ByteSink
    private var buffer: [UInt8] = []
    private var depth = 0

    init(_ sink: any ByteSink) {
        self.sink = sink
        raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// Receivers compare names as they are written, so the prefix must be the customary one.
    func open(_ name: String, _ attributes: String = "") {
        indent()
        raw(attributes.isEmpty ? "<\(name)>\n" : "<\(name) \(attributes)>\n")
        depth += 1
    }

    func close(_ name: String) {
        depth -= 1
        indent()
        raw("</\(name)>\n")
    }

    func group(_ name: String, _ attributes: String = "", _ content: () -> Void) {
        open(name, attributes)
        content()
        close(name)
    }

    func element(_ name: String, _ text: String) {
        indent()
        raw("<\(name)>")
        XMLEscaping.appendText(text, to: &buffer)
        raw("</\(name)>\n")
    }

    func element(_ name: String, optional text: String?) {
        if let text, !text.isEmpty { element(name, text) }
    }

    func element(_ name: String, optional number: Int?) {
        if let number { element(name, String(number)) }
    }

    /// Starts an element whose content comes by `content`, without a line break inside.
    func openContent(_ name: String, _ attributes: String) {
        indent()
        raw("<\(name) \(attributes)>")
    }

    func content(_ bytes: [UInt8]) {
        flush()
        sink.write(bytes.span)
    }

    func closeContent(_ name: String) {
        raw("</\(name)>\n")
    }

    func flush() {
        if buffer.isEmpty { return }
        sink.write(buffer.span)
        buffer.removeAll(keepingCapacity: true)
    }

    private func indent() {
        if buffer.count >= Self.bufferBytes { flush() }
        for _ in 0..<depth { raw("  ") }
    }

    private func raw(_ text: String) {
        buffer.append(contentsOf: text.utf8)
    }
}

extension EdXMLOutput {
    static let rootAttributes = "xmlns=\"\(namespace)\""
    static let prefixAttributes = "xmlns:edXML=\"\(namespace)\""

    /// Root, envelope and header: the namespace is bound twice, by default and by prefix, as receivers
    /// expect.
    func openHeader() {
        open("edXML", Self.rootAttributes)
        open("edXML:edXMLEnvelope", Self.prefixAttributes)
        open("edXML:edXMLHeader")
    }

    func organization(_ name: String, _ organization: OrganizationDraft) {
        group(name) {
            element("edXML:OrganId", organization.code.string)
            element("edXML:OrganizationInCharge", optional: organization.inCharge)
            element("edXML:OrganName", organization.name)
            element("edXML:OrganAdd", optional: organization.address)
            element("edXML:Email", optional: organization.email)
            element("edXML:Telephone", optional: organization.telephone)
            element("edXML:Fax", optional: organization.fax)
            element("edXML:Website", optional: organization.website)
        }
    }

    func responseFor(_ letter: ResponseForDraft) {
        group("edXML:ResponseFor") {
            element("edXML:OrganId", letter.organID.string)
            element("edXML:Code", letter.code)
            element("edXML:DocumentId", letter.documentID.string)
            element("edXML:PromulgationDate", letter.promulgationDate)
        }
    }

    func staff(_ staff: StaffDraft?) {
        guard let staff else { return }
        group("edXML:StaffInfo") {
            element("edXML:Department", optional: staff.department)
            element("edXML:Staff", staff.name)
            element("edXML:Email", optional: staff.email)
            element("edXML:Mobile", optional: staff.mobile)
        }
    }
}
