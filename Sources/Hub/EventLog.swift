package enum LogLevel: String, Sendable { case info, warning, error }

package enum LogValue: Sendable {
    case text(String)
    case number(Int64)
}

/// Where the hub tells its operator what happens.
package protocol EventLog: Sendable {
    /// - Parameter fields: never personal data: codes, keys, digests, counts, request ids.
    func write(_ level: LogLevel, _ event: String, _ fields: [(String, LogValue)])
}
