import HTTP

let httpEntries = [
    Entry("http-request") { bytes in
        try readAlike(bytes) { pieces in requests(pieces) }
    },
    // The first byte is the method that is answered: HEAD has no body.
    Entry("http-response") { bytes in
        let method = bytes.first == 0x48 ? "HEAD" : "GET"
        try readAlike(Array(bytes.dropFirst())) { pieces in responses(pieces, to: method) }
    },
    // The first line is the Content-Type.
    Entry("multipart") { bytes in
        let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
        let type = String(decoding: bytes[..<end], as: UTF8.self)
        try readAlike(Array(bytes[end...].dropFirst())) { pieces in form(pieces, type) }
    },
]

private func requests(_ pieces: [[UInt8]]) -> Transcript {
    var transcript = Transcript()
    var parser = RequestParser()
    do {
        for piece in pieces {
            var position = 0
            while let event = try parser.next(piece.span, at: &position) {
                switch event {
                case .head(let head):
                    transcript.line(
                        "\(head.method) \(head.target.segments) \(head.target.query) \(head.minorVersion)")
                    head.fields.forEach { transcript.line("\($0): \($1)") }
                case .body(let range): transcript.bytes(piece[range])
                case .end: transcript.line("end")
                }
            }
            if position != piece.count { transcript.line("\(piece.count - position) bytes left over") }
        }
    } catch {
        transcript.line("error \(error.status)")
    }
    return transcript
}

private func responses(_ pieces: [[UInt8]], to method: String) -> Transcript {
    var transcript = Transcript()
    var parser = ResponseParser()
    parser.expectResponse(to: method)
    do {
        for piece in pieces {
            var position = 0
            while let event = try parser.next(piece.span, at: &position) {
                switch event {
                case .interim(let status): transcript.line("interim \(status)")
                case .head(let head, let keepAlive, let framing):
                    transcript.line("\(head.status) \(keepAlive) \(framing)")
                    head.fields.forEach { transcript.line("\($0): \($1)") }
                case .body(let range): transcript.bytes(piece[range])
                case .end: transcript.line("end")
                }
            }
        }
        transcript.line("ended by closing: \(try parser.finish())")
    } catch {
        transcript.line("error \(error.status)")
    }
    return transcript
}

private func form(_ pieces: [[UInt8]], _ type: String) -> Transcript {
    var transcript = Transcript()
    do {
        var parser = try MultipartParser(contentType: type)
        for piece in pieces {
            var position = 0
            while let event = try parser.next(piece.span, at: &position) {
                switch event {
                case .part(let head): transcript.line("part \(head)")
                case .body(let range): transcript.bytes(piece[range])
                case .heldBody(let held): transcript.bytes(held)
                case .partEnd: transcript.line("part end")
                case .end: transcript.line("end")
                }
            }
        }
        try parser.finish()
    } catch {
        transcript.line("error \(error.status)")
    }
    return transcript
}
