import CLibXML2
import EdXML
import Exchange
import Foundation
import OpenSSL

import XML

let xmlEntries = [
    // The first byte chooses the method and, for the exclusive one, prefixes.
    Entry("canonical-xml") { bytes in
        guard let choice = bytes.first else { return }
        try checkCanonicalForm(Array(bytes.dropFirst()), choice)
    },
    Entry("edxml", mutations: 80) { bytes in
        try readAlike(bytes) { pieces in letter(pieces) }
    },
    // The file in an attachment, packed for the journey: what the ZIP reader sees.
    Entry("packed-attachment") { bytes in
        try readAlike(
            Array(
                Material.text("packed.edxml").replacingOccurrences(of: "CONTENT", with: Base64.encode(bytes))
                    .utf8)
        ) {
            letter($0)
        }
    },
]

private func letter(_ pieces: [[UInt8]]) -> Transcript {
    var transcript = Transcript()
    var limits = EdXMLLimits()
    limits.attachmentBytesMax = 8 << 20
    limits.decodedBytesMax = 16 << 20
    let files = ReceivedFiles()
    let reader = EdXMLReader(limits: limits, attachments: files)
    let parser = XMLEventReader(handler: reader)
    do {
        for piece in pieces {
            try parser.feed(piece)
            if reader.fatal != nil { break }
        }
        if reader.fatal == nil { try parser.finish() }
        let message = try reader.message()
        transcript.line("\(message)")
        if case .letter(let letter) = message {
            let described = letter.attachments.map {
                "\($0.name) \($0.byteCount) \($0.sha256?.hex ?? "unhashed")"
            }
            if described != files.whole { transcript.line("other files: \(described) \(files.whole)") }
        }
    } catch let error as XMLError {
        // As the hub does it: what came first in the letter counts, however its bytes were cut.
        if let fatal = reader.fatal {
            transcript.line("refused \(fatal.code)")
        } else {
            // Bytes are looked at before the parser comes so far, so the cuts decide which of the two it is.
            let code = error.code == .encodingNotUTF8 ? .malformedXML : error.code
            transcript.line("error \(code)")
        }
    } catch let error as Rejection {
        transcript.line("refused \(error.code)")
    } catch {
        transcript.line("\(error)")
    }
    return transcript
}

private final class ReceivedFiles: AttachmentConsumer {
    private(set) var whole: [String] = []
    private var name = ""
    private var bytes: [UInt8] = []

    func begin(_ attachment: AttachmentHead) {
        name = attachment.name
        bytes = []
    }

    func write(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    func end() { whole.append("\(name) \(bytes.count) \(SHA256.hash(bytes))") }
}

private func checkCanonicalForm(_ document: [UInt8], _ choice: UInt8) throws {
    let method = CanonicalizationMethod.allCases[Int(choice) % CanonicalizationMethod.allCases.count]
    let lists: [[String]] = [[], ["p"], ["#default"], ["q", "#default", "a-b"]]
    let prefixes = method == .exclusive10 ? lists[Int(choice) / 16 % lists.count] : []
    var first: [UInt8]?
    for pieces in cuts(of: document) {
        let sink = CanonicalBytes()
        let canonicalizer = Canonicalizer(
            method, inclusivePrefixes: prefixes.map { ExactString($0) }, sink: sink)
        let reader = XMLEventReader(handler: canonicalizer)
        do {
            for piece in pieces { try reader.feed(piece) }
            try reader.finish()
        } catch {
            try check(first == nil, "refused when cut: \(error)")
            return
        }
        canonicalizer.finish()
        try check(first == nil || first == sink.bytes, "another form when cut")
        first = sink.bytes
    }
    guard let ours = first else { return }
    guard let form = canonicalFormOfTree(document, method, prefixes) else {
        throw Disagreement("libxml2 reads no tree from what its push parser took")
    }
    let theirs = withAmpersands(form)
    try check(
        theirs == ours || method == .inclusive11 && theirs == withoutEmptyBase(ours),
        "\(String(decoding: ours, as: UTF8.self))\nlibxml2:\n\(String(decoding: theirs, as: UTF8.self))")
}

/// libxml2 joins the document element's `xml:base` with that of ancestors that it has not, and drops what is
/// empty then. Canonical XML 1.1 section 2.4 says so of elements only whose ancestors were left out.
private func withoutEmptyBase(_ form: [UInt8]) -> [UInt8] {
    let text = String(decoding: form, as: UTF8.self)
    guard let range = text.firstRange(of: " xml:base=\"\"") else { return form }
    return Array(text.replacingCharacters(in: range, with: "").utf8)
}

/// libxml2 leaves `&#38;` in namespaces, which no canonical form has: every ampersand is `&amp;` there.
private func withAmpersands(_ form: [UInt8]) -> [UInt8] {
    Array(String(decoding: form, as: UTF8.self).replacingOccurrences(of: "&#38;", with: "&amp;").utf8)
}

private final class CanonicalBytes: ByteSink {
    private(set) var bytes: [UInt8] = []

    func write(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }
}

/// The judge: libxml2's tree of the whole document and its own canonicalisation.
private func canonicalFormOfTree(
    _ document: [UInt8], _ method: CanonicalizationMethod, _ prefixes: [String]
) -> [UInt8]? {
    let options =
        XML_PARSE_NONET.rawValue | XML_PARSE_HUGE.rawValue | XML_PARSE_NOERROR.rawValue
        | XML_PARSE_NOWARNING.rawValue
    let tree = document.withUnsafeBytes { raw in
        xmlReadMemory(raw.bindMemory(to: CChar.self).baseAddress, CInt(raw.count), nil, nil, CInt(options))
    }
    guard let tree else { return nil }
    defer { xmlFreeDoc(tree) }
    let mode =
        switch method {
        case .inclusive10: XML_C14N_1_0
        case .inclusive11: XML_C14N_1_1
        case .exclusive10: XML_C14N_EXCLUSIVE_1_0
        }
    let copies = prefixes.map { xmlStrdup($0) }
    defer { for copy in copies { free(copy) } }
    var list: [UnsafeMutablePointer<xmlChar>?] = copies + [nil]
    var text: UnsafeMutablePointer<xmlChar>?
    let count = xmlC14NDocDumpMemory(tree, nil, CInt(mode.rawValue), &list, 0, &text)
    defer { free(text) }
    guard count >= 0, let text else { return nil }
    return Array(UnsafeBufferPointer(start: text, count: Int(count)))
}
