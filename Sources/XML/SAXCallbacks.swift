internal import CLibXML2
internal import Exchange

/// What libxml2 calls while it parses. The parser is told nothing of Swift but the reader's address.
enum SAXCallbacks {
    static func table() -> xmlSAXHandler {
        var table = unsafe xmlSAXHandler()
        unsafe table.initialized = UInt32(XML_SAX2_MAGIC)
        unsafe table.startDocument = { unsafe SAXCallbacks.tell($0) { $0.startDocument() } }
        unsafe table.internalSubset = { context, _, _, _ in unsafe SAXCallbacks.tell(context) { $0.doctype() }
        }
        unsafe table.startElementNs = {
            context, local, prefix, namespace, declarationCount, declarations, count, _, attributes in
            unsafe SAXCallbacks.tell(context) { reader in
                unsafe reader.startElement(
                    local: local, prefix: prefix, namespace: namespace,
                    declarations: UnsafeBufferPointer(start: declarations, count: Int(declarationCount) * 2),
                    attributes: UnsafeBufferPointer(start: attributes, count: Int(count) * 5))
            }
        }
        unsafe table.endElementNs = { context, local, prefix, namespace in
            unsafe SAXCallbacks.tell(context) { reader in
                unsafe reader.endElement(local: local, prefix: prefix, namespace: namespace)
            }
        }
        unsafe table.characters = { context, text, count in
            unsafe SAXCallbacks.tell(context) { unsafe $0.characters(text, count: count) }
        }
        // The same function, so that libxml2 does not ask itself which white space matters.
        unsafe table.ignorableWhitespace = table.characters
        unsafe table.cdataBlock = table.characters
        unsafe table.comment = { context, text in
            unsafe SAXCallbacks.tell(context) { unsafe $0.comment(text) }
        }
        unsafe table.processingInstruction = { context, target, data in
            unsafe SAXCallbacks.tell(context) { unsafe $0.processingInstruction(target: target, data: data) }
        }
        unsafe table.serror = { context, error in
            guard let error = unsafe error else { return }
            unsafe SAXCallbacks.tell(context) { unsafe $0.parserError(error.pointee) }
        }
        return unsafe table
    }

    /// Not after a failure: nothing that follows it is handed on.
    @inline(__always)
    private static func tell(_ context: UnsafeMutableRawPointer?, _ body: (XMLEventReader) -> Void) {
        guard let context = unsafe context else { return }
        // The reader holds the parser and so outlives each of its calls: no need to count a reference.
        unsafe Unmanaged<XMLEventReader>.fromOpaque(context)._withUnsafeGuaranteedRef { reader in
            if !reader.hasFailed { body(reader) }
        }
    }

    /// The value of an attribute or of a namespace declaration. Where entities are not replaced, libxml2
    /// leaves every `&` of it as `&#38;`, for a second reading that only its own tree does, and of attributes
    /// alone: in a namespace its canonical form has `&#38;` to this day.
    static func value(_ raw: UnsafeBufferPointer<xmlChar>) -> [UInt8] {
        guard unsafe raw.contains(0x26) else { return unsafe Array(raw) }
        var value: [UInt8] = []
        value.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            let byte = unsafe raw[index]
            value.append(byte)
            index += byte == 0x26 ? 5 : 1
        }
        return value
    }
}

extension XMLEventReader {
    fileprivate func startDocument() {
        guard unsafe isUTF8(parser.pointee.encoding) && isUTF8(parser.pointee.input?.pointee.encoding) else {
            return fail(.encodingNotUTF8, "Khai báo XML phải ghi encoding=\"UTF-8\".")
        }
        if let version = unsafe parser.pointee.version, unsafe xmlStrcmp(version, "1.0") != 0 {
            fail(.malformedXML, "Khai báo XML phải ghi version=\"1.0\".")
        }
    }

    private func isUTF8(_ declared: UnsafePointer<xmlChar>?) -> Bool {
        guard let declared = unsafe declared else { return true }
        return unsafe xmlStrcasecmp(declared, "UTF-8") == 0
    }

    fileprivate func doctype() {
        fail(.doctypeForbidden, "Không được dùng DOCTYPE trong tệp; hãy bỏ khai báo DOCTYPE.")
    }

    fileprivate func startElement(
        local: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?,
        declarations: UnsafeBufferPointer<UnsafePointer<xmlChar>?>,
        attributes: UnsafeBufferPointer<UnsafePointer<xmlChar>?>
    ) {
        count.begin()
        if count.depth > limits.depthMax {
            return fail(.xmlTooDeep, "Các thẻ lồng nhau quá \(limits.depthMax) cấp.")
        }
        if count.total > limits.elementsMax {
            return fail(.xmlTooLarge, "Tệp có quá \(limits.elementsMax) thẻ.")
        }
        if declarations.count / 2 + attributes.count / 5 > limits.attributesMax {
            return fail(.xmlTooLarge, "Một thẻ có quá \(limits.attributesMax) thuộc tính.")
        }
        // Before the names: they hold the namespaces, whose lengths are checked here.
        guard let declared = unsafe readDeclarations(declarations),
            let values = unsafe readAttributes(attributes),
            let name = unsafe name(local: local, prefix: prefix, namespace: namespace)
        else { return }
        handler.startElement(
            XMLStartElement(name: name, attributes: values, declarations: declared, position: position))
    }

    fileprivate func endElement(
        local: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?
    ) {
        count.end()
        guard let name = unsafe name(local: local, prefix: prefix, namespace: namespace) else { return }
        handler.endElement(name, at: position)
    }

    /// Nil where a bound is passed; the failure is set then.
    private func name(
        local: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?
    ) -> XMLName? {
        let (name, isNew) = unsafe names.name(local: local, prefix: prefix, namespace: namespace)
        if !isNew { return name }
        if name.local.string.utf8.count > limits.nameBytesMax
            || name.prefix.string.utf8.count > limits.nameBytesMax
        {
            fail(.xmlTooLarge, "Một tên thẻ hoặc thuộc tính dài quá \(limits.nameBytesMax) byte.")
            return nil
        }
        if unsafe names.documentCount > limits.namesMax {
            fail(.xmlTooLarge, "Tệp có quá \(limits.namesMax) tên thẻ và thuộc tính khác nhau.")
            return nil
        }
        return name
    }

    private func readDeclarations(
        _ pointers: UnsafeBufferPointer<UnsafePointer<xmlChar>?>
    ) -> [XMLNamespaceDeclaration]? {
        if pointers.isEmpty { return [] }
        var declarations: [XMLNamespaceDeclaration] = []
        declarations.reserveCapacity(pointers.count / 2)
        for index in stride(from: 0, to: pointers.count, by: 2) {
            let prefix = unsafe names.string(pointers[index])
            let uri = unsafe names.string(pointers[index + 1])
            if uri.string.utf8.count > limits.namespaceBytesMax
                || prefix.string.utf8.count > limits.nameBytesMax
            {
                fail(.xmlTooLarge, "Một khai báo xmlns dài quá \(limits.namespaceBytesMax) byte.")
                return nil
            }
            // Canonicalisation has no answer for relative namespaces (C14N 1.0 section 1.3): they would
            // depend on where the document lies.
            if !uri.isEmpty, !Self.hasScheme(uri) {
                fail(.malformedXML, "xmlns phải là URI tuyệt đối: \"\(uri.string.prefix(80))\".")
                return nil
            }
            declarations.append(XMLNamespaceDeclaration(prefix: prefix, uri: uri))
        }
        return declarations
    }

    /// RFC 3986 section 3.1, and a colon after it.
    private static func hasScheme(_ uri: ExactString) -> Bool {
        for (index, byte) in uri.string.utf8.enumerated() {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A: continue
            case 0x30...0x39, 0x2B, 0x2D, 0x2E: if index == 0 { return false }
            case 0x3A: return index > 0
            default: return false
            }
        }
        return false
    }

    private func readAttributes(_ pointers: UnsafeBufferPointer<UnsafePointer<xmlChar>?>) -> [XMLAttribute]? {
        if pointers.isEmpty { return [] }
        var attributes: [XMLAttribute] = []
        attributes.reserveCapacity(pointers.count / 5)
        var bytes = 0
        for index in stride(from: 0, to: pointers.count, by: 5) {
            guard let start = unsafe pointers[index + 3], let end = unsafe pointers[index + 4],
                let name = unsafe name(
                    local: pointers[index], prefix: pointers[index + 1], namespace: pointers[index + 2])
            else { return nil }
            let value = unsafe SAXCallbacks.value(UnsafeBufferPointer(start: start, count: end - start))
            bytes += value.count
            attributes.append(XMLAttribute(name: name, value: value))
        }
        if bytes > limits.attributeBytesMax {
            fail(.xmlTooLarge, "Thuộc tính của một thẻ dài quá \(limits.attributeBytesMax) byte.")
            return nil
        }
        return attributes
    }

    fileprivate func characters(_ start: UnsafePointer<xmlChar>?, count: CInt) {
        guard count > 0 else { return }
        let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(count))
        unsafe handler.text(bytes.span, at: position)
    }

    fileprivate func comment(_ text: UnsafePointer<xmlChar>?) {
        let bytes = unsafe UnsafeBufferPointer(start: text, count: Int(xmlStrlen(text)))
        unsafe handler.comment(bytes.span, at: position)
    }

    fileprivate func processingInstruction(target: UnsafePointer<xmlChar>?, data: UnsafePointer<xmlChar>?) {
        let bytes = unsafe UnsafeBufferPointer(start: data, count: Int(xmlStrlen(data)))
        let name = unsafe UnsafeBufferPointer(start: target, count: Int(xmlStrlen(target)))
        let target = unsafe ExactString(String(decoding: name, as: UTF8.self))
        unsafe handler.processingInstruction(target: target, data: bytes.span, at: position)
    }

    fileprivate func parserError(_ error: xmlError) {
        guard unsafe error.level != XML_ERR_WARNING else { return }
        var message = ""
        if let text = unsafe error.message {
            // Quotes the document, so it is for the log only and short.
            message = unsafe String(String(cString: text).prefix(200)).trimmingNewline
        }
        let (code, detail) = unsafe Self.explanation(of: error.code)
        fail(code, detail, message: message)
    }

    private static func explanation(of number: CInt) -> (RejectionCode, String) {
        switch xmlParserErrors(UInt32(bitPattern: number)) {
        case XML_ERR_UNKNOWN_ENCODING, XML_ERR_UNSUPPORTED_ENCODING, XML_ERR_INVALID_ENCODING,
            XML_I18N_NO_HANDLER, XML_I18N_CONV_FAILED:
            (.encodingNotUTF8, "Tệp phải được lưu và khai báo bằng UTF-8.")
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY:
            (.malformedXML, "Chỉ được dùng năm thực thể &amp; &lt; &gt; &apos; &quot;.")
        case XML_ERR_TAG_NAME_MISMATCH: (.malformedXML, "Thẻ đóng không khớp với thẻ mở.")
        case XML_ERR_DOCUMENT_EMPTY, XML_ERR_DOCUMENT_START: (.malformedXML, "Tệp không bắt đầu bằng XML.")
        case XML_ERR_DOCUMENT_END, XML_ERR_TAG_NOT_FINISHED:
            (.malformedXML, "Tệp XML bị cắt ngang hoặc có nội dung thừa sau thẻ gốc.")
        case XML_ERR_ATTRIBUTE_REDEFINED, XML_NS_ERR_ATTRIBUTE_REDEFINED:
            (.malformedXML, "Một thuộc tính bị khai báo hai lần trong cùng một thẻ.")
        case XML_NS_ERR_UNDEFINED_NAMESPACE:
            (.malformedXML, "Tiền tố của thẻ hoặc thuộc tính chưa được khai báo bằng xmlns.")
        case XML_ERR_NO_MEMORY: (.xmlTooLarge, "Tệp có quá nhiều tên thẻ hoặc không gian tên khác nhau.")
        default: (.malformedXML, "Tệp XML không đúng cú pháp (mã libxml2 \(number)).")
        }
    }
}

extension String {
    fileprivate var trimmingNewline: String {
        hasSuffix("\n") ? String(dropLast()) : self
    }
}
