/// Cuts a stream into lines that end with CR LF, whatever the pieces it comes in.
struct LineBuffer: Sendable {
    enum Line {
        /// The common case: the line lies whole in the input, its CR LF not in the range.
        case inInput(Range<Int>)
        case assembled([UInt8])
    }

    private var partial: [UInt8] = []

    var isEmpty: Bool { partial.isEmpty }

    /// The next line, or nil once `input` is used up. Advances `position` past what it has taken.
    ///
    /// `bytesMax` bounds a line without its line end; `tooLong` is thrown as soon as more than that has come,
    /// so that an endless line costs no more memory than this.
    mutating func next(
        _ input: Span<UInt8>, at position: inout Int, bytesMax: Int, tooLong: ProtocolError
    ) throws(ProtocolError) -> Line? {
        let start = position
        guard let feed = input.firstIndex(of: 0x0A, in: start..<input.count) else {
            guard partial.count + input.count - start <= bytesMax + 1 else { throw tooLong }
            partial.append(input, start..<input.count)
            position = input.count
            return nil
        }
        position = feed + 1
        if partial.isEmpty {
            guard feed - start <= bytesMax + 1 else { throw tooLong }
            guard feed > start, input[feed - 1] == 0x0D else { throw .badRequest("a line ends without CR") }
            return .inInput(start..<feed - 1)
        }
        partial.append(input, start..<feed)
        var line: [UInt8] = []
        swap(&line, &partial)
        guard line.count <= bytesMax + 1 else { throw tooLong }
        guard line.last == 0x0D else { throw .badRequest("a line ends without CR") }
        line.removeLast()
        return .assembled(line)
    }
}
