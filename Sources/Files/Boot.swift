/// One run of the kernel: what was written in it and never synchronized is there until it ends, whatever
/// becomes of the process that wrote it.
package enum Boot {
    /// Another one after each start of the machine; nil where the kernel does not tell.
    package static func identifier() -> String? {
        guard let file = try? File("/proc/sys/kernel/random/boot_id", .read),
            let bytes = try? file.read(at: 0, count: identifierBytesMax),
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// A UUID and the end of its line.
    private static let identifierBytesMax = 64
}
