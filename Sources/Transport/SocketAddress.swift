internal import Glibc

/// An IPv4 or IPv6 address with a port, written `127.0.0.1:80` or `[::1]:80`.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// Network order: 4 bytes or 16.
    let address: [UInt8]
    package let port: UInt16

    /// Nil where `text` is not a numeric address and a port.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: 0x3A),
            let port = UInt16(text[text.utf8.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        self.init(host: String(host), port: port)
    }

    package init?(host: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, host, &four) == 1 {
            address = unsafe withUnsafeBytes(of: &four) { unsafe Array($0) }
        } else if unsafe inet_pton(AF_INET6, host, &six) == 1 {
            address = unsafe withUnsafeBytes(of: &six) { unsafe Array($0) }
        } else {
            return nil
        }
        self.port = port
    }

    /// An IPv4 address that comes mapped into IPv6 is taken for what it is.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        let family = CInt(storage.ss_family)
        if family == AF_INET {
            let four = unsafe withUnsafeBytes(of: &storage) { unsafe $0.load(as: sockaddr_in.self) }
            address = unsafe withUnsafeBytes(of: four.sin_addr) { unsafe Array($0) }
            port = UInt16(bigEndian: four.sin_port)
        } else if family == AF_INET6 {
            let six = unsafe withUnsafeBytes(of: &storage) { unsafe $0.load(as: sockaddr_in6.self) }
            let bytes = unsafe withUnsafeBytes(of: six.sin6_addr) { unsafe Array($0) }
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            address = isMapped ? Array(bytes[12...]) : bytes
            port = UInt16(bigEndian: six.sin6_port)
        } else {
            return nil
        }
    }

    init(address: [UInt8], port: UInt16) {
        self.address = address
        self.port = port
    }

    var isIPv6: Bool { address.count == 16 }

    /// Without the port.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv6 ? AF_INET6 : AF_INET
        guard unsafe inet_ntop(family, address, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// What counts as one caller: an IPv4 address, or the /64 that one IPv6 customer is given.
    var callerKey: [UInt8] { Array(address.prefix(8)) }

    /// Runs `body` with the address as the socket calls want it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length: Int
        if isIPv6 {
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &six.sin6_addr) { unsafe $0.copyBytes(from: address) }
            length = MemoryLayout<sockaddr_in6>.size
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: six, as: sockaddr_in6.self)
            }
        } else {
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &four.sin_addr) { unsafe $0.copyBytes(from: address) }
            length = MemoryLayout<sockaddr_in>.size
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: four, as: sockaddr_in.self)
            }
        }
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }

    /// The address that a bound socket really has.
    static func bound(to socket: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe getsockname(
                socket, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
        }
        return result == 0 ? SocketAddress(storage) : nil
    }

    /// Looks `host` up; blocks. Empty where there is no such name.
    package static func resolve(host: String, port: UInt16) -> [SocketAddress] {
        if let address = SocketAddress(host: host, port: port) { return [address] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            var storage = sockaddr_storage()
            if let address = unsafe entry.pointee.ai_addr {
                let length = unsafe min(Int(entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
                unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                    unsafe bytes.baseAddress!.copyMemory(from: address, byteCount: length)
                }
                if let resolved = SocketAddress(storage) {
                    found.append(SocketAddress(address: resolved.address, port: port))
                }
            }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }
}
