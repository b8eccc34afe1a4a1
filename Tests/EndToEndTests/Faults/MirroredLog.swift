import Foundation
import JSON

/// Reads the entry bundles of a mirrored log without the project's own reader.
enum MirroredLog {
    static func entries(_ folder: String) throws -> [JSONValue] {
        var files: [String] = []
        let root = URL(fileURLWithPath: folder + "/tile/entries")
        for case let url as URL in FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)!
        {
            if (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true {
                files.append(url.path)
            }
        }
        // Of a bundle's partial files the widest holds the others.
        var widest: [String: (width: Int, path: String)] = [:]
        for file in files {
            let parts = file.components(separatedBy: ".p/")
            let width = parts.count == 2 ? Int(parts[1]) ?? 0 : 256
            if width > widest[parts[0]]?.width ?? 0 { widest[parts[0]] = (width, file) }
        }
        var entries: [JSONValue] = []
        for (_, bundle) in widest.sorted(by: { $0.key < $1.key }) {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: bundle.path)))
            var position = 0
            while position + 2 <= bytes.count {
                let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
                entries.append(try JSONReader.read(Array(bytes[position + 2..<position + 2 + length])))
                position += 2 + length
            }
        }
        return entries
    }
}
