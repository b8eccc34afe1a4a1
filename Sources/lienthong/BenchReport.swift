internal import Exchange
internal import Files
internal import Hub

/// Puts the figures into a Markdown page, between two marks; what stands around them is not touched.
enum BenchReport {
    private static let begin = "<!-- bench -->"
    private static let end = "<!-- /bench -->"

    static func write(_ results: [BenchResult], into path: String) throws {
        let page = String(decoding: try InputFile.read(path), as: UTF8.self)
        guard let first = page.firstRange(of: begin), let last = page.firstRange(of: end),
            first.upperBound <= last.lowerBound
        else { throw CommandFailure(.noInput, "\(path) không có hai dấu \(begin) và \(end)") }
        let table = "\nMeasured on \(Clock.system.now().rfc3339.prefix(10)).\n\n\(table(results))\n"
        let changed = page[..<first.upperBound] + table + page[last.lowerBound...]
        let temporary = path + ".new"
        try OutputFile.write(Array(changed.utf8), to: temporary)
        try Files.Directory.rename(temporary, to: path)
    }

    static func table(_ results: [BenchResult]) -> String {
        var lines = ["| scenario | figure | value |", "|---|---|---|"]
        for result in results {
            lines.append("| \(result.scenario) | letters | \(result.letters) |")
            for (name, value) in result.namedFigures {
                lines.append("| \(result.scenario) | `\(name)` | \(BenchResult.text(value)) |")
            }
        }
        return lines.joined(separator: "\n")
    }
}
