internal import COpenSSL

/// What OpenSSL put in its error queue while it failed to do `action`.
///
/// The queue belongs to the thread, so it is drained on the line after the failing call: a reason left
/// behind would be reported by the next, unrelated call.
package struct OpenSSLError: Error, Sendable, CustomStringConvertible {
    package let action: String
    /// Oldest first: `error:0A000086:SSL routines::certificate verify failed`.
    package let reasons: [String]

    package init(_ action: String, reasons: [String]) {
        self.action = action
        self.reasons = reasons
    }

    package static func draining(_ action: String) -> OpenSSLError {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            var text = [CChar](repeating: 0, count: 256)
            unsafe text.withUnsafeMutableBufferPointer { buffer in
                unsafe ERR_error_string_n(code, buffer.baseAddress, buffer.count)
            }
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            reasons.append(String(decoding: bytes, as: UTF8.self))
        }
        return OpenSSLError(action, reasons: reasons)
    }

    package var description: String {
        reasons.isEmpty ? "\(action) failed" : "\(action) failed: \(reasons.joined(separator: "; "))"
    }
}
