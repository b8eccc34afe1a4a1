internal import Exchange
package import Files

/// Fetched revocation data on the disk, so that a restart while a server is down loses nothing.
///
/// Trusted no more than the network: what is read is judged like everything else when it is used.
package struct RevocationCache: Sendable {
    /// The last one is what a crash left of a write.
    private static let suffixes = [".crl", ".ocsp", ".new"]
    private static let ageSecondsMax: Int64 = 400 * 86_400

    private let folder: String
    private let bytesMax: Int64

    package init(folder: String, bytesMax: Int = 64 << 20) throws(FileError) {
        try Directory.create(folder)
        self.folder = folder
        self.bytesMax = Int64(bytesMax)
    }

    func read(_ source: FetchSource) -> [UInt8]? {
        guard let file = try? File("\(folder)/\(source.fileName)", .read), let size = try? file.size(),
            size <= bytesMax
        else { return nil }
        return try? file.read(at: 0, count: Int(size))
    }

    /// Written whole or not at all.
    func write(_ bytes: [UInt8], for source: FetchSource) throws(FileError) {
        try Directory.replace("\(folder)/\(source.fileName)", with: bytes)
    }

    /// Removes what was written longer ago than any list or response lives.
    func removeOld(now: Instant) {
        let oldest = now.adding(seconds: -Self.ageSecondsMax)
        guard let names = try? Directory.names(in: folder) else { return }
        for name in names where Self.suffixes.contains(where: name.hasSuffix) {
            let path = "\(folder)/\(name)"
            guard let stamp = Directory.stamp(of: path) else { continue }
            if stamp.modifiedNanoseconds / 1_000_000 < oldest.milliseconds { try? Directory.remove(path) }
        }
    }
}
