internal import Exchange
internal import Files
internal import Glibc
internal import OpenSSL

/// What a verb reads.
enum InputFile {
    static let bytesMax: Int64 = 256 << 20

    /// The whole file; for keys, certificates, receipts. Letters are streamed.
    static func read(_ path: String) throws -> [UInt8] {
        do {
            let file = try File(path, .read)
            let size = try file.size()
            guard size <= bytesMax else { throw CommandFailure(.noInput, "\(path) lớn hơn \(bytesMax) byte") }
            return try file.read(at: 0, count: Int(size))
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không đọc được \(path): \(error)")
        }
    }

    static func size(_ path: String) throws -> Int64 {
        do {
            return try File(path, .read).size()
        } catch {
            throw CommandFailure(.noInput, "không đọc được \(path): \(error)")
        }
    }
}

/// What a verb writes: under a temporary name, synced, renamed. A reader never sees half a file, and a file
/// that was acknowledged to the hub survives a loss of power.
enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try make(path) { try $0.write(bytes, at: 0) }
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không ghi được \(path): \(error)")
        }
    }

    /// What `body` could not finish leaves nothing behind: neither half a file under the real name, nor the
    /// part that filled the disk.
    ///
    /// - Throws: `FileError`, and what `body` throws.
    static func make<Result>(
        _ path: String, _ access: File.Access = .createNew, _ body: (File) throws -> Result
    ) throws -> Result {
        let temporary = "\(path).\(try Environment.randomHex(4)).part"
        let file = try File(temporary, access)
        do {
            let result = try body(file)
            try file.synchronize()
            try publish(temporary, as: path)
            return result
        } catch {
            if Files.Directory.exists(temporary) { try? Files.Directory.remove(temporary) }
            throw error
        }
    }

    /// Gives a finished, synced file its real name.
    static func publish(_ temporary: String, as path: String) throws {
        try Files.Directory.rename(temporary, to: path)
        try Files.Directory.synchronize(Files.Directory.parent(of: path))
    }
}

enum Environment {
    static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

    static func randomHex(_ byteCount: Int) throws -> String {
        Hex.encode(SecureRandom.bytes(byteCount))
    }
}
