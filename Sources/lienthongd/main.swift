internal import Glibc

/// `lienthongd --config FILE [--check]`
func start() -> Int32 {
    let words = Array(CommandLine.arguments.dropFirst())
    var file: String?
    var checksOnly = false
    var rollsForward = false
    var rest = words[...]
    while let word = rest.popFirst() {
        switch word {
        case "--config": file = rest.popFirst()
        case "--check": checksOnly = true
        case "--roll-forward": rollsForward = true
        case "--help":
            print(usage)
            return 0
        default:
            complain("không có tùy chọn \(word)\n\n\(usage)")
            return 64
        }
    }
    guard let file else {
        complain(usage)
        return 64
    }
    do {
        let configuration = try Configuration(file: file, bytes: try Material.read(file))
        let material = try Material(configuration)
        if checksOnly {
            try material.checkTrust()
            print("\(file): đúng")
            return 0
        }
        return try Daemon(configuration, material, rollsForward: rollsForward).run()
    } catch {
        complain("\(error)")
        return 1
    }
}

let usage = """
    lienthongd: trục liên thông văn bản

    Cách dùng: lienthongd --config FILE [--check] [--roll-forward]

      --config FILE      tệp cấu hình JSON5 (mọi khóa được giải thích trong Config/hub.json5)
      --check            chỉ kiểm tra cấu hình, chứng thư và danh bạ, không chạy
      --roll-forward     chấp nhận chạy tiếp sau khi khôi phục một bản sao lưu cũ hơn nhật ký đã ký;
                         việc này được ghi vào nhật ký
    """

func complain(_ text: String) {
    let bytes = Array("lienthongd: \(text)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

// Not exit(): that would take OpenSSL down under reactors that still run, and what is durable is so by now.
let code = start()
fflush(nil)
_exit(code)
