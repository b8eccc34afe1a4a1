internal import Exchange
internal import JSON

/// `lienthong bench`: a load generator that prints what the hub does and how far that is from the machine's
/// floor.
struct BenchCommand: Command {
    static let words = ["bench"]
    static let summary =
        "đo tải: accept, exchange, broadcast, large, verify, idle, backlog, fairness, directory, vxp,"
        + " soak, all"
    static let operands =
        "SCENARIO [--size 50KiB] [--algorithm p256|rsa2048] [--connections N] [--seconds N] [--json]"
    static let options: [Option] = [
        .value("--size", "N[KiB|MiB|GiB]", "cỡ văn bản (mặc định 50KiB; large: 1GiB)"),
        .value("--algorithm", "p256|rsa2048", "thuật toán ký (mặc định p256)"),
        .value("--connections", "N", "số kết nối cùng lúc (mặc định 64)"),
        .value("--seconds", "N", "thời gian đo tối đa (mặc định 10)"),
        .value("--rate", "N", "exchange, soak: số văn bản mỗi giây (mặc định 500)"),
        .value("--polls", "N", "idle: số kết nối chờ (mặc định 10000)"),
        .value("--waiting", "N", "fairness: số văn bản chờ của nơi nhận (mặc định 1000000)"),
        .value("--agencies", "N", "directory: số cơ quan (mặc định 125000)"),
        .value("--report", "FILE", "ghi bảng kết quả vào giữa hai dấu bench trong tệp Markdown"),
        .value("--graph", "FILE", "soak: ghi biểu đồ (SVG)"),
        .value("--dir", "D", "thư mục làm việc, cùng đĩa với dữ liệu cần đo (mặc định thư mục tạm)"),
        .json,
    ]
    static let notes = """
        accept     gửi văn bản đã ký qua TLS hai chiều, vòng kín; biên nhận trong trả lời
        exchange   từ lúc gửi đến lúc nơi nhận xác nhận xong, nhịp đều
        broadcast  một văn bản tới 3.500 nơi nhận
        large      một văn bản rất lớn vào và ra, bộ nhớ của trục
        verify     đọc và kiểm chữ ký ngay trong tiến trình này, so với SHA-256 + kiểm chữ ký của OpenSSL
        idle       10.000 kết nối chờ (long poll): bộ nhớ, và tốc độ nhận của người khác khi có và không có
        backlog    trục đã lưu 1.000.000 văn bản: khởi động, nhận, trao đổi, so với trục rỗng
        fairness   một cơ quan bình thường: một mình, rồi bên cạnh một nơi gửi hết tốc độ, một văn bản rất
                   lớn, một nơi nhận có 1.000.000 văn bản chờ, nơi nhận đọc chậm; p99 và tỷ lệ
        directory  nhập danh bạ 125.000 cơ quan từ CSV và từ JSON5, rồi tra cứu có dấu và không dấu
        vxp        500 phần mềm VXP hỏi 30 giây một lần; một trang danh sách khi 100.000 văn bản chờ
        soak       nhịp đều trong thời gian dài: bộ nhớ, tệp mở, WAL, dung lượng, mười giây một lần
        all        lần lượt các kịch bản trên, trừ soak

        Sàn (floor) đo trong cùng lần chạy, trên cùng các văn bản: SHA-256 + kiểm chữ ký bằng OpenSSL + một
        fdatasync cho mỗi 64 văn bản, một luồng.
        """

    static func run(_ arguments: Arguments, _ terminal: Terminal) throws -> ExitCode {
        let scenario = try arguments.operands("SCENARIO")[0]
        let settings = try BenchSettings(arguments)
        let all: [(String, (BenchSettings, Terminal) throws -> BenchResult)] = [
            ("accept", BenchAccept.run), ("exchange", BenchExchange.run), ("broadcast", BenchBroadcast.run),
            ("large", BenchLarge.run), ("verify", BenchVerify.run), ("idle", BenchIdle.run),
            ("backlog", BenchBacklog.run), ("fairness", BenchFairness.run), ("directory", BenchDirectory.run),
            ("vxp", BenchVXP.run),
            ("soak", BenchSoak.run),
        ]
        let chosen = all.filter { scenario == "all" ? $0.0 != "soak" : $0.0 == scenario }
        guard !chosen.isEmpty else { throw CommandFailure(.usage, "không có kịch bản \(scenario)") }
        var results: [BenchResult] = []
        for (name, body) in chosen {
            terminal.tell("\(name) …")
            let result = try body(settings, terminal)
            results.append(result)
            if !arguments.wantsJSON { terminal.print(result.table) }
        }
        if let report = arguments.value("--report") { try BenchReport.write(results, into: report) }
        if arguments.wantsJSON {
            var writer = JSONWriter()
            if results.count == 1 {
                results[0].write(into: &writer)
            } else {
                writer.array(results) { $1.write(into: &$0) }
            }
            terminal.print(json: writer.bytes)
        }
        return .done
    }
}

struct BenchSettings: Sendable {
    let sizeBytes: Int?
    let algorithm: String
    let connections: Int
    let seconds: Int
    let rate: Int
    let polls: Int
    let waiting: Int
    let agencies: Int
    let folder: String
    let graph: String?

    init(_ arguments: Arguments) throws {
        sizeBytes = try arguments.value("--size").map(Self.bytes)
        algorithm = arguments.value("--algorithm") ?? "p256"
        guard ["p256", "rsa2048"].contains(algorithm) else {
            throw CommandFailure(.usage, "--algorithm phải là p256 hoặc rsa2048")
        }
        connections = try arguments.integer("--connections", in: 1...1024, default: 64)
        seconds = try arguments.integer("--seconds", in: 1...86_400, default: 10)
        rate = try arguments.integer("--rate", in: 1...100_000, default: 500)
        polls = try arguments.integer("--polls", in: 1...20_000, default: 10_000)
        waiting = try arguments.integer("--waiting", in: 1...10_000_000, default: 1_000_000)
        agencies = try arguments.integer("--agencies", in: 100...200_000, default: 125_000)
        graph = arguments.value("--graph")
        folder = arguments.value("--dir") ?? (Environment.value("TMPDIR") ?? "/tmp")
    }

    /// `50KiB`, `1MiB`, `4096`.
    private static func bytes(_ text: String) throws -> Int {
        let digits = text.prefix { $0.isNumber }
        let unit = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30][
            String(text.dropFirst(digits.count))]
        guard let number = Int(digits), let unit, (1...(4 << 30) / unit).contains(number) else {
            throw CommandFailure(.usage, "cỡ \(text) phải như 50KiB, 1MiB, 1GiB")
        }
        return number * unit
    }
}

/// What a scenario measured. A figure that the scenario does not have is absent, not zero.
struct BenchResult: Sendable {
    var scenario: String
    var conditions: String
    var letters: Int
    var ratePerSecond: Double?
    var latency: Latency?
    var floorPerSecond: Double?
    var daemonCPUSecondsPerLetter: Double?
    var clientCPUSecondsPerLetter: Double?
    var fsyncsPerLetter: Double?
    var residentMiB: Double?
    var bytesOnDiskPerLetter: Double?
    /// Write-ahead log, database and payloads together.
    var bytesWrittenPerLetter: Double?
    /// Further figures of this scenario: name, value, unit.
    var others: [(name: String, value: Double, unit: String)] = []

    /// Milliseconds.
    struct Latency: Sendable {
        let p50: Double
        let p99: Double
        let p999: Double

        init?(microseconds: [Int]) {
            guard !microseconds.isEmpty else { return nil }
            let sorted = microseconds.sorted()
            func quantile(_ share: Double) -> Double {
                Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
            }
            p50 = quantile(0.5)
            p99 = quantile(0.99)
            p999 = quantile(0.999)
        }
    }

    private var figures: [(name: String, label: String, value: Double?)] {
        [
            ("ratePerSecond", "tốc độ /s", ratePerSecond),
            ("p50Milliseconds", "p50 ms", latency?.p50),
            ("p99Milliseconds", "p99 ms", latency?.p99),
            ("p999Milliseconds", "p99.9 ms", latency?.p999),
            ("floorPerSecond", "sàn /s", floorPerSecond),
            ("ratioToFloor", "tỷ lệ so với sàn", ratioToFloor),
            ("daemonCPUSecondsPerLetter", "CPU trục s/văn bản", daemonCPUSecondsPerLetter),
            ("clientCPUSecondsPerLetter", "CPU máy khách s/văn bản", clientCPUSecondsPerLetter),
            ("fsyncsPerLetter", "fsync/văn bản", fsyncsPerLetter),
            ("residentMiB", "bộ nhớ trục MiB", residentMiB),
            ("bytesOnDiskPerLetter", "byte trên đĩa/văn bản", bytesOnDiskPerLetter),
            ("bytesWrittenPerLetter", "byte đã ghi/văn bản", bytesWrittenPerLetter),
        ]
    }

    /// As `--json` names them.
    var namedFigures: [(name: String, value: Double)] {
        figures.compactMap { figure in figure.value.map { (figure.name, $0) } }
            + others.map { ($0.name, $0.value) }
    }

    private var ratioToFloor: Double? {
        guard let ratePerSecond, let floorPerSecond, floorPerSecond > 0 else { return nil }
        return ratePerSecond / floorPerSecond
    }

    var table: String {
        var lines = ["\(scenario): \(letters) văn bản, \(conditions)"]
        for figure in figures {
            guard let value = figure.value else { continue }
            lines.append("  \(figure.label): \(Self.text(value))")
        }
        for other in others { lines.append("  \(other.name): \(Self.text(other.value)) \(other.unit)") }
        return lines.joined(separator: "\n")
    }

    func write(into writer: inout JSONWriter) {
        writer.object { object in
            object.member("scenario", scenario)
            object.member("conditions", conditions)
            object.member("letters", letters)
            for figure in figures {
                guard let value = figure.value else { continue }
                object.name(figure.name)
                object.number(value)
            }
            for other in others {
                object.name(other.name)
                object.number(other.value)
            }
        }
    }

    /// Four significant digits are more than the machine's noise.
    static func text(_ value: Double) -> String {
        if value >= 100 { return String(Int(value.rounded())) }
        let scale: Double = value >= 1 ? 100 : 1_000_000
        return "\((value * scale).rounded() / scale)"
    }
}
