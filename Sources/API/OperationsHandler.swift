package import HTTP
package import Hub
internal import JSON
package import Transport

/// The operations listener: is it alive, is it ready, what does it count.
package struct OperationsHandler: RequestHandler {
    private let hub: Hub
    private let warnings: @Sendable () -> [String]
    /// What the faces count, beside the hub's own figures.
    private let gauges: @Sendable () -> [Metrics.Gauge]

    /// - Parameter warnings: what does not keep letters out yet but will.
    package init(
        hub: Hub, warnings: @escaping @Sendable () -> [String],
        gauges: @escaping @Sendable () -> [Metrics.Gauge]
    ) {
        self.hub = hub
        self.warnings = warnings
        self.gauges = gauges
    }

    package func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        guard request.method == "GET" || request.method == "HEAD" else {
            return exchange.respond(Self.text(405, "method not allowed\n"))
        }
        switch request.target.segments {
        case ["healthz"]: exchange.respond(Self.text(200, "ok\n"))
        case ["readyz"]:
            let reasons = hub.unreadyReasons
            let body = JSONWriter.object { writer in
                writer.member("ready", reasons.isEmpty)
                writer.name("reasons")
                writer.array(reasons) { $0.string($1) }
                writer.name("warnings")
                writer.array(warnings()) { $0.string($1) }
            }
            exchange.respond(.json(body, status: reasons.isEmpty ? 200 : 503))
        case ["metrics"]:
            let text = hub.metrics.text(gauges: hub.gauges + gauges())
            exchange.respond(Self.text(200, text, type: "text/plain; version=0.0.4; charset=utf-8"))
        default: exchange.respond(Self.text(404, "not found\n"))
        }
    }

    private static func text(_ status: Int, _ text: String, type: String = "text/plain; charset=utf-8")
        -> Response
    {
        Response(
            head: ResponseHead(status: status, fields: ["Content-Type": type, "Cache-Control": "no-store"]),
            body: .bytes(Array(text.utf8)))
    }
}
