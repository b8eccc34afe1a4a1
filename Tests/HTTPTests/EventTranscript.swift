import HTTP

/// What a parser makes of some bytes, written down so that two ways of feeding it can be compared: heads,
/// bodies joined, and the status of the error that ended it.
struct EventTranscript: Equatable, CustomStringConvertible {
    enum Line: Equatable {
        case head(String)
        case body([UInt8])
        case end
        case error(Int)
    }

    private(set) var lines: [Line] = []

    mutating func append(_ line: Line) {
        if case .body(let more) = line, case .body(let so) = lines.last {
            lines[lines.count - 1] = .body(so + more)
        } else {
            lines.append(line)
        }
    }

    var description: String { lines.map { "\($0)" }.joined(separator: "\n") }
    var error: Int? { if case .error(let status) = lines.last { status } else { nil } }
    var heads: [String] { lines.compactMap { if case .head(let head) = $0 { head } else { nil } } }
    var bodies: [String] {
        lines.compactMap {
            if case .body(let body) = $0 { String(decoding: body, as: UTF8.self) } else { nil }
        }
    }
    var endCount: Int { lines.filter { $0 == .end }.count }

    static func requests(_ pieces: [[UInt8]], limits: MessageLimits = MessageLimits()) -> EventTranscript {
        var transcript = EventTranscript()
        var parser = RequestParser(limits: limits)
        for piece in pieces {
            var position = 0
            do {
                while let event = try parser.next(piece.span, at: &position) {
                    switch event {
                    case .head(let head):
                        var text =
                            "\(head.method) \(head.target.segments) \(head.target.query) "
                            + "1.\(head.minorVersion)"
                        head.fields.forEach { text += " \($0)=\($1)" }
                        transcript.append(.head(text))
                    case .body(let range): transcript.append(.body(Array(piece[range])))
                    case .end: transcript.append(.end)
                    }
                }
            } catch {
                transcript.append(.error(error.status))
                return transcript
            }
            precondition(position == piece.count)
        }
        return transcript
    }

    static func requests(_ text: String, limits: MessageLimits = MessageLimits()) -> EventTranscript {
        requests([Array(text.utf8)], limits: limits)
    }

    static func responses(_ pieces: [[UInt8]], to method: String = "GET") -> EventTranscript {
        var transcript = EventTranscript()
        var parser = ResponseParser()
        parser.expectResponse(to: method)
        do {
            for piece in pieces {
                var position = 0
                while let event = try parser.next(piece.span, at: &position) {
                    switch event {
                    case .interim(let status): transcript.append(.head("interim \(status)"))
                    case .head(let head, let keepAlive, _):
                        transcript.append(.head("\(head.status) \(keepAlive)"))
                    case .body(let range): transcript.append(.body(Array(piece[range])))
                    case .end: transcript.append(.end)
                    }
                }
            }
            if try parser.finish() { transcript.append(.end) }
        } catch {
            transcript.append(.error(error.status))
        }
        return transcript
    }
}

/// The same sequence of numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var mixed = state
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return mixed ^ (mixed >> 33)
    }

    mutating func pieces(of bytes: [UInt8], longest: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...longest, using: &self))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }
}
