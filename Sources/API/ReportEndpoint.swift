internal import Exchange
internal import HTTP
internal import Hub
internal import Storage
internal import Transport

/// `GET /v1/report`: figures about letters, of everybody for operators and of itself for an agency.
struct ReportEndpoint {
    let hub: Hub

    /// Years of letters make a table that nobody reads and a long wait.
    private static let daysMax: Int64 = 1100
    private static let secondsPerDay: Int64 = 86_400

    func handle(_ request: RequestHead, _ caller: Caller, _ exchange: HTTPExchange) throws(Rejection) {
        guard caller.agency != nil || caller.has(.operator) else { throw .forbidden }
        let question = try Self.question(request, caller)
        let format = request.target.value(of: "format") ?? "json"
        guard ["json", "csv"].contains(format) else {
            throw Rejection(.badRequest, "Tham số format phải là json hoặc csv.")
        }
        let hasMark = request.target.value(of: "bom") == "1"
        guard hub.reports.begin() else {
            throw Rejection(
                .overloaded, "Trục đang lập báo cáo khác. Hãy thử lại sau ít giây.",
                remedy: .retry(afterSeconds: 5))
        }
        let reports = hub.reports
        let isTaken = hub.runBlocking(for: exchange.peer.party) { [hub] in
            defer { reports.end() }
            Self.answer(question, isCSV: format == "csv", hasMark: hasMark, hub, exchange)
        }
        if !isTaken {
            reports.end()
            throw .overloaded
        }
    }

    private static func answer(
        _ question: ReportQuestion, isCSV: Bool, hasMark: Bool, _ hub: Hub, _ exchange: HTTPExchange
    ) {
        do throws(StorageError) {
            let directory = hub.directory
            let made = try ExchangeReport.make(
                question, hub.reader, directory, at: hub.clock.now(), mayGoOn: { hub.mayReport })
            guard let report = made else {
                return exchange.refuse(
                    hub.mayReport
                        ? Rejection(
                            .reportTooLarge,
                            "Báo cáo có hơn \(ExchangeReport.rowsMax) dòng. Hãy chọn khoảng thời gian "
                                + "ngắn hơn hoặc bớt cột nhóm (by).")
                        : Rejection(
                            .stopping, "Trục đang dừng để bảo trì.", remedy: .retry(afterSeconds: 5)))
            }
            let name = { (code: AgencyCode) in directory.agency(code)?.name }
            guard isCSV else { return exchange.respond(.json(report.json(name: name))) }
            let file = "lienthong-\(question.from.isoDate).csv"
            exchange.respond(
                Response(
                    head: ResponseHead(
                        status: 200,
                        fields: [
                            "Content-Type": "text/csv; charset=utf-8; header=present",
                            "Cache-Control": "no-store",
                            "Content-Disposition": "attachment; filename=\"\(file)\"",
                        ]),
                    body: .bytes(report.csv(hasMark: hasMark, name: name))))
        } catch {
            hub.log.write(
                .error, "read_failed",
                [("requestId", .text(exchange.requestID)), ("cause", .text(error.message))])
            exchange.refuse(
                Rejection(
                    .storageUnavailable, "Trục chưa đọc được dữ liệu. Hãy thử lại sau.",
                    remedy: .retry(afterSeconds: 5)))
        }
    }

    private static func question(
        _ request: RequestHead, _ caller: Caller
    ) throws(Rejection) -> ReportQuestion {
        func day(_ name: String) throws(Rejection) -> Instant {
            guard let text = request.target.value(of: name), let day = Instant(isoDate: text) else {
                throw Rejection(
                    .badRequest, "Tham số \(name) phải là ngày (giờ Việt Nam), ví dụ 2026-11-01.")
            }
            return day
        }
        let (from, until) = (try day("from"), try day("until"))
        guard from < until, until.seconds - from.seconds <= daysMax * secondsPerDay else {
            throw Rejection(
                .badRequest, "until phải sau from, và khoảng thời gian không quá \(daysMax) ngày.")
        }
        var dimensions: Set<ReportQuestion.Dimension> = []
        for word in (request.target.value(of: "by") ?? "agency,month").split(separator: ",") {
            guard let dimension = ReportQuestion.Dimension(rawValue: String(word)) else {
                let words = ReportQuestion.Dimension.allCases.map(\.rawValue).joined(separator: ", ")
                throw Rejection(.badRequest, "Tham số by chỉ gồm: \(words).")
            }
            dimensions.insert(dimension)
        }
        return ReportQuestion(from: from, until: until, by: dimensions, agency: caller.agency?.code)
    }
}
