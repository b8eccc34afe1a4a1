internal import Exchange

/// What a recorder holds. A value inside of `XMLEventRecorder`, so that an event is one access to that
/// object.
struct RecordedEvents {
    private enum Kind: UInt8 { case start, plainStart, end, text, comment, instruction }

    private struct Record {
        let kind: Kind
        /// Of a name, a start or an instruction's target; for text unused.
        let index: UInt32
        let line: UInt32
        let column: UInt32
        /// Bytes of text that belong to the event; they lie in `bytes` one after the other.
        let length: Int
    }

    let bytesMax: Int
    private(set) var isOverflowing = false

    private var records: [Record] = []
    private var bytes: [UInt8] = []
    /// By the reader's number.
    private var names: [XMLName?] = []
    /// Elements with attributes or declarations, which are few.
    private var starts: [XMLStartElement] = []
    private var targets: [ExactString] = []
    private var startBytes = 0

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { records.isEmpty }

    /// What is held, roughly.
    var byteCount: Int {
        records.count * MemoryLayout<Record>.stride + bytes.count + startBytes + names.count * 128
    }

    mutating func removeAll() {
        records.removeAll()
        bytes.removeAll()
        starts.removeAll()
        targets.removeAll()
        startBytes = 0
        isOverflowing = false
    }

    private mutating func append(_ kind: Kind, _ index: Int, _ length: Int, _ position: XMLPosition) {
        records.append(
            Record(
                kind: kind, index: UInt32(clamping: index), line: UInt32(clamping: position.line),
                column: UInt32(clamping: position.column), length: length))
        if byteCount > bytesMax { overflow() }
    }

    /// Nothing will be replayed: nothing is kept.
    private mutating func overflow() {
        removeAll()
        names.removeAll()
        isOverflowing = true
    }

    private mutating func place(of name: XMLName) -> Int {
        while names.count <= name.number { names.append(nil) }
        if names[name.number] == nil { names[name.number] = name }
        return name.number
    }

    mutating func startElement(_ element: XMLStartElement) {
        if isOverflowing { return }
        if element.attributes.isEmpty, element.declarations.isEmpty {
            return append(.plainStart, place(of: element.name), 0, element.position)
        }
        starts.append(element)
        for attribute in element.attributes { startBytes += 160 + attribute.value.count }
        for declaration in element.declarations { startBytes += 64 + declaration.uri.string.utf8.count }
        append(.start, starts.count - 1, 0, element.position)
    }

    mutating func endElement(_ name: XMLName, at position: XMLPosition) {
        if isOverflowing { return }
        append(.end, place(of: name), 0, position)
    }

    private mutating func keep(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func text(_ run: Span<UInt8>, at position: XMLPosition) {
        if isOverflowing { return }
        if run.count > bytesMax - bytes.count {
            overflow()
            return
        }
        keep(run)
        append(.text, 0, run.count, position)
    }

    mutating func comment(_ text: Span<UInt8>, at position: XMLPosition) {
        if isOverflowing { return }
        keep(text)
        append(.comment, 0, text.count, position)
    }

    mutating func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        if isOverflowing { return }
        targets.append(target)
        startBytes += 16 + target.string.utf8.count
        keep(data)
        append(.instruction, targets.count - 1, data.count, position)
    }

    func replay(to handler: any XMLEventHandler) {
        precondition(!isOverflowing, "what was recorded is not whole")
        var offset = 0
        for record in records {
            let position = XMLPosition(line: Int(record.line), column: Int(record.column))
            let range = offset..<(offset + record.length)
            offset = range.upperBound
            switch record.kind {
            case .start: handler.startElement(starts[Int(record.index)])
            case .plainStart:
                handler.startElement(
                    XMLStartElement(
                        name: name(record), attributes: [], declarations: [], position: position))
            case .end: handler.endElement(name(record), at: position)
            case .text: handler.text(bytes.span.extracting(range), at: position)
            case .comment: handler.comment(bytes.span.extracting(range), at: position)
            case .instruction:
                handler.processingInstruction(
                    target: targets[Int(record.index)], data: bytes.span.extracting(range), at: position)
            }
        }
    }

    private func name(_ record: Record) -> XMLName {
        guard let name = names[Int(record.index)] else { preconditionFailure("a name that was recorded") }
        return name
    }
}
