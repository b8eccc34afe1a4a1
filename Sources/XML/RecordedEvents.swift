internal import Exchange

/// What a recorder holds. A value inside of `XMLEventRecorder`, so that an event is one access to that
/// object.
///
/// A handful of arrays, however many events there are: what comes and goes with each letter is made and
/// freed in a dozen steps and not in hundreds.
struct RecordedEvents: Sendable {
    private enum Kind: UInt8 { case start, plainStart, end, text, comment, instruction }

    private struct Record {
        let kind: Kind
        /// Of a start among `starts`, of a plain one among `names`, of an instruction among `targets`; of an
        /// end the record of its start; for text unused.
        let index: UInt32
        let line: UInt32
        let column: UInt32
        /// Where the event's text begins in `bytes`.
        let offset: UInt32
        /// Of the text in bytes; of an element in records, its end among them, and 0 while it is open.
        var length: UInt32
    }

    let bytesMax: Int
    let elementsMax: Int
    private(set) var isOverflowing = false

    private var records: [Record] = []
    private var bytes: [UInt8] = []
    /// Of elements that are a name and nothing else, which most are.
    private var names: [XMLName] = []
    private var starts: [XMLStartElement] = []
    private var targets: [ExactString] = []
    private var startBytes = 0
    /// Records of the starts of elements that have not ended.
    private var open: [UInt32] = []
    private var elements = 0

    init(bytesMax: Int, elementsMax: Int) {
        precondition(bytesMax <= Int(UInt32.max), "a record counts in 32 bits")
        self.bytesMax = bytesMax
        self.elementsMax = elementsMax
    }

    /// Room for what a letter to a few recipients has before its signature, or in it: growing step by step
    /// costs more than all else here.
    private mutating func makeRoom() {
        records.reserveCapacity(128)
        names.reserveCapacity(48)
        starts.reserveCapacity(16)
        open.reserveCapacity(12)
        bytes.reserveCapacity(4 << 10)
    }

    var isEmpty: Bool { records.isEmpty }
    /// Whether what was recorded is one element from its start to its end.
    var isOneElement: Bool { !records.isEmpty && length(of: 0) == records.count }

    /// What is held, roughly.
    var byteCount: Int {
        records.count * MemoryLayout<Record>.stride + bytes.count + startBytes
            + names.count * MemoryLayout<XMLName>.stride
    }

    private mutating func append(_ kind: Kind, _ index: Int, text length: Int = 0, _ position: XMLPosition) {
        // All within bounds: `bytesMax` for what is counted, libxml2's own 31 bits for places.
        records.append(
            Record(
                kind: kind, index: UInt32(truncatingIfNeeded: index),
                line: UInt32(truncatingIfNeeded: position.line),
                column: UInt32(truncatingIfNeeded: position.column),
                offset: UInt32(truncatingIfNeeded: bytes.count - length),
                length: UInt32(truncatingIfNeeded: length)))
        if byteCount > bytesMax { overflow() }
    }

    /// Nothing will be replayed: nothing is kept.
    private mutating func overflow() {
        discard()
        isOverflowing = true
    }

    mutating func discard() {
        self = RecordedEvents(bytesMax: bytesMax, elementsMax: elementsMax)
    }

    mutating func startElement(_ element: XMLStartElement) {
        if isOverflowing { return }
        if elements == 0 { makeRoom() }
        elements += 1
        if elements > elementsMax { return overflow() }
        open.append(UInt32(truncatingIfNeeded: records.count))
        if element.attributes.isEmpty, element.declarations.isEmpty {
            names.append(element.name)
            return append(.plainStart, names.count - 1, element.position)
        }
        starts.append(element)
        for attribute in element.attributes { startBytes += 160 + attribute.value.count }
        for declaration in element.declarations { startBytes += 64 + declaration.uri.string.utf8.count }
        append(.start, starts.count - 1, element.position)
    }

    mutating func endElement(at position: XMLPosition) {
        if isOverflowing { return }
        guard let start = open.popLast() else { preconditionFailure("an end without its start") }
        records[Int(start)].length = UInt32(truncatingIfNeeded: records.count + 1) - start
        append(.end, Int(start), position)
    }

    private mutating func keep(_ kind: Kind, _ index: Int, _ span: Span<UInt8>, _ position: XMLPosition) {
        if span.count > bytesMax - bytes.count { return overflow() }
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        append(kind, index, text: span.count, position)
    }

    mutating func text(_ run: Span<UInt8>, at position: XMLPosition) {
        if !isOverflowing { keep(.text, 0, run, position) }
    }

    mutating func comment(_ text: Span<UInt8>, at position: XMLPosition) {
        if !isOverflowing { keep(.comment, 0, text, position) }
    }

    mutating func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition) {
        if isOverflowing { return }
        targets.append(target)
        startBytes += 16 + target.string.utf8.count
        keep(.instruction, targets.count - 1, data, position)
    }

    // MARK: - Telling it again

    func replay(to handler: any XMLEventHandler) {
        precondition(!isOverflowing, "what was recorded is not whole")
        replay(records.indices, to: handler)
    }

    /// The element whose start is the record `place`, with all inside it.
    func replay(elementAt place: Int, to handler: any XMLEventHandler) {
        replay(place..<place + length(of: place), to: handler)
    }

    private func replay(_ range: Range<Int>, to handler: any XMLEventHandler) {
        for place in range {
            let record = records[place]
            let position = XMLPosition(line: Int(record.line), column: Int(record.column))
            switch record.kind {
            case .start: handler.startElement(starts[Int(record.index)])
            case .plainStart:
                handler.startElement(
                    XMLStartElement(
                        name: names[Int(record.index)], attributes: [], declarations: [], position: position))
            case .end: handler.endElement(name(of: Int(record.index)), at: position)
            case .text: handler.text(bytes.span.extracting(text(of: record)), at: position)
            case .comment: handler.comment(bytes.span.extracting(text(of: record)), at: position)
            case .instruction:
                handler.processingInstruction(
                    target: targets[Int(record.index)], data: bytes.span.extracting(text(of: record)),
                    at: position)
            }
        }
    }

    private func text(of record: Record) -> Range<Int> {
        Int(record.offset)..<Int(record.offset) + Int(record.length)
    }

    // MARK: - Looking at elements

    /// How many records the element takes whose start is the record `place`; 0 where there is none.
    private func length(of place: Int) -> Int {
        guard place < records.count, records[place].kind == .start || records[place].kind == .plainStart
        else { return 0 }
        return Int(records[place].length)
    }

    func name(of element: Int) -> XMLName {
        let record = records[element]
        return record.kind == .start ? starts[Int(record.index)].name : names[Int(record.index)]
    }

    /// Nil for an element that has neither attributes nor declarations.
    func start(of element: Int) -> XMLStartElement? {
        let record = records[element]
        return record.kind == .start ? starts[Int(record.index)] : nil
    }

    /// The first element inside `element`, but not inside another one there, from the record `place` on.
    func child(of element: Int, from place: Int) -> Int? {
        let end = element + length(of: element) - 1
        var place = place
        while place < end {
            if length(of: place) > 0 { return place }
            place += 1
        }
        return nil
    }

    /// The record after the element that begins at the record `place`.
    func after(_ place: Int) -> Int { place + length(of: place) }

    /// Tells `body` the start of the element and of all inside it, those alone that have attributes or
    /// declarations.
    func forEachStart<Failure>(
        inside element: Int, _ body: (XMLStartElement) throws(Failure) -> Void
    ) throws(Failure) {
        for place in element..<after(element) where records[place].kind == .start {
            try body(starts[Int(records[place].index)])
        }
    }

    /// The text of an element that has no elements inside; nil for one that has.
    func text(of element: Int) -> [UInt8]? {
        if length(of: element) == 3, records[element + 1].kind == .text {
            return Array(bytes[text(of: records[element + 1])])
        }
        var all: [UInt8] = []
        for record in records[element + 1..<element + length(of: element) - 1] {
            if record.kind == .plainStart || record.kind == .start { return nil }
            if record.kind == .text { all.append(contentsOf: bytes[text(of: record)]) }
        }
        return all
    }

    /// Whether nothing but white space stands between the elements inside.
    func holdsOnlyElements(_ element: Int) -> Bool {
        let end = element + length(of: element) - 1
        var place = element + 1
        while place < end {
            if records[place].kind == .text {
                for byte in bytes[text(of: records[place])] {
                    guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return false }
                }
            }
            place += max(1, length(of: place))
        }
        return true
    }

    /// Tells `body` the starts of the elements around an element, from the outermost inward.
    func forEachAncestor(of element: Int, _ body: (XMLStartElement) -> Void) {
        var place = 0
        while place < element {
            let length = length(of: place)
            if place + length > element {
                if let start = start(of: place) { body(start) }
                place += 1
            } else {
                place += max(1, length)
            }
        }
    }
}
