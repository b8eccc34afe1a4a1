internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL
internal import Storage

/// An evidence archive, or the folder that it was unpacked into; every file compared with the manifest.
struct EvidenceFiles {
    private static let bytesMax: Int64 = 256 << 20

    let manifest: JSONValue
    /// Those that the manifest names, by path.
    private let contents: [String: [UInt8]]
    /// What does not agree with the manifest; Vietnamese.
    let faults: [String]

    init(_ path: String) throws {
        let found: [String: [UInt8]]
        do {
            found =
                (try? Files.Directory.names(in: path)) != nil
                ? try Self.folder(path) : try Self.archive(path)
        } catch let error as TarError {
            throw CommandFailure(.noInput, "\(path) không phải gói bằng chứng: \(error)")
        } catch let error as FileError {
            throw CommandFailure(.noInput, "không đọc được \(path): \(error)")
        }
        guard let bytes = found["manifest.json"], let manifest = try? JSONReader.read(bytes),
            manifest["format"]?.string == "lienthong-evidence/1"
        else { throw CommandFailure(.noInput, "\(path) không có manifest.json của gói bằng chứng") }
        self.manifest = manifest
        var (contents, faults): ([String: [UInt8]], [String]) = ([:], [])
        for file in manifest["files"]?.array ?? [] {
            guard let name = file["path"]?.string, TarArchive.isSafe(name) else {
                faults.append("manifest.json có tên tệp không hợp lệ")
                continue
            }
            guard let bytes = found[name] else {
                faults.append("thiếu \(name)")
                continue
            }
            guard SHA256.hash(bytes).hex == file["sha256"]?.string else {
                faults.append("\(name) đã bị sửa (SHA-256 khác manifest.json)")
                continue
            }
            contents[name] = bytes
        }
        for name in found.keys.sorted() where name != "manifest.json" && contents[name] == nil {
            if !faults.contains(where: { $0.contains(name) }) { faults.append("tệp lạ \(name)") }
        }
        self.contents = contents
        self.faults = faults + Self.setFaults(manifest, contents)
    }

    subscript(name: String) -> [UInt8]? { contents[name] }

    /// Files of the manifest's evidence of that kind, each once.
    func items(_ kinds: Evidence.Kind...) -> [[UInt8]] {
        var seen: Set<String> = []
        return (manifest["evidence"]?["items"]?.array ?? []).compactMap { item in
            guard let path = item["path"]?.string, kinds.contains(where: { $0.name == item["kind"]?.string }),
                seen.insert(path).inserted
            else { return nil }
            return contents[path]
        }
    }

    /// The items, and the digest that names them together, which the log's entry repeats.
    private static func setFaults(_ manifest: JSONValue, _ contents: [String: [UInt8]]) -> [String] {
        guard let evidence = manifest["evidence"] else { return [] }
        guard let trust = evidence["trust"]?.string.flatMap({ Digest256(hex: $0) }) else {
            return ["manifest.json không nêu danh sách tin cậy"]
        }
        var items: [EvidenceReference] = []
        for item in evidence["items"]?.array ?? [] {
            guard let sha256 = item["sha256"]?.string.flatMap({ Digest256(hex: $0) }),
                let kind = Evidence.Kind.allCases.first(where: { $0.name == item["kind"]?.string }),
                let path = item["path"]?.string, let bytes = contents[path], SHA256.hash(bytes) == sha256
            else { return ["manifest.json nêu một mục bằng chứng không có trong gói"] }
            items.append(EvidenceReference(kind, sha256))
        }
        let digest = Evidence.digest(of: items, trust: trust)
        return digest.hex == evidence["sha256"]?.string
            ? [] : ["mã của bộ bằng chứng không khớp các mục của nó"]
    }

    private static func archive(_ path: String) throws -> [String: [UInt8]] {
        let file = try File(path, .read)
        guard try file.size() <= bytesMax else {
            throw TarError("larger than \(bytesMax) bytes")
        }
        var found: [String: [UInt8]] = [:]
        for member in try TarArchive.members(of: file) {
            guard found[member.name] == nil else {
                throw TarError("\(member.name) stands twice")
            }
            found[member.name] = try file.read(at: member.offset, count: Int(member.length))
        }
        return found
    }

    /// One folder below the top, as the archive has it.
    private static func folder(_ path: String) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        var total: Int64 = 0
        func read(_ name: String) throws {
            let file = try File("\(path)/\(name)", .read)
            total += try file.size()
            guard total <= bytesMax else { throw TarError("larger than \(bytesMax) bytes") }
            found[name] = try file.read(at: 0, count: Int(try file.size()))
        }
        for name in try Files.Directory.names(in: path) {
            guard let inside = try? Files.Directory.names(in: "\(path)/\(name)") else {
                try read(name)
                continue
            }
            for item in inside { try read("\(name)/\(item)") }
        }
        return found
    }
}
