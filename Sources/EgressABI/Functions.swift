// SPDX-License-Identifier: Apache-2.0
//
// The functions of egress.h, where their contracts stand. Each copies what it is given, finds the engine, and reports.

// Their names are those of C, and so is their documentation.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, AllPublicDeclarationsHaveDocumentation

public import CEgressABI
import EgressDNS
import EgressPolicy
import Glibc

@c @implementation
public func egress_abi_version() -> UInt32 {
    UInt32(EGRESS_ABI_VERSION)
}

@c @implementation
public func egress_open(
    _ options: UnsafePointer<egress_options>?,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> egress_policy {
    do {
        return EngineTable.add(try unsafe Engine(options))
    } catch {
        _ = unsafe Ruling.refused(error.code, error.message).report(nil, decision)
        return 0
    }
}

@c @implementation
public func egress_close(_ policy: egress_policy) {
    EngineTable.remove(policy)
}

@c @implementation
public func egress_classify_address(
    _ address: UnsafePointer<CChar>?,
    _ length: Int,
    _ result: UnsafeMutablePointer<CChar>?,
    _ capacity: Int
) -> Int {
    guard let text = unsafe Text(address, length, limit: Text.nameLimit), let address = IPAddress(text.string),
        let result = unsafe result
    else { return 0 }
    let name = address.addressClass.rawValue.utf8
    guard capacity > name.count else { return 0 }
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: result, count: name.count + 1)
    unsafe buffer.copyBytes(from: name)
    unsafe buffer[name.count] = 0
    return name.count
}

@c @implementation
public func egress_decide_host(
    _ policy: egress_policy,
    _ host: UnsafePointer<CChar>?,
    _ length: Int,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(host, length, limit: Text.nameLimit), decision) { $0.decide(name: $1) }
}

@c @implementation
public func egress_decide_record(
    _ policy: egress_policy,
    _ host: UnsafePointer<CChar>?,
    _ length: Int,
    _ type: UInt16,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(host, length, limit: Text.nameLimit), decision) {
        $0.decide(name: $1, type: RecordType(rawValue: type))
    }
}

@c @implementation
public func egress_decide_query(
    _ policy: egress_policy,
    _ message: UnsafePointer<UInt8>?,
    _ length: Int,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(message, length, limit: Text.messageLimit), decision) { $0.decide(query: $1.bytes) }
}

@c @implementation
public func egress_decide_alias(
    _ policy: egress_policy,
    _ host: UnsafePointer<CChar>?,
    _ length: Int,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(host, length, limit: Text.nameLimit), decision) { $0.decide(alias: $1) }
}

@c @implementation
public func egress_pin(
    _ policy: egress_policy,
    _ host: UnsafePointer<CChar>?,
    _ length: Int,
    _ addresses: UnsafePointer<UInt8>?,
    _ count: Int,
    _ lifetime: UInt32,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    let width = 16
    let isCountable = (0...Text.addressLimit).contains(count)
    let bytes = unsafe isCountable ? Text(addresses, count * width, limit: .max)?.bytes : nil
    let text = unsafe bytes == nil ? nil : Text(host, length, limit: Text.nameLimit)
    return unsafe decide(policy, text, decision) { engine, text in
        let bytes = bytes ?? []
        let starts = stride(from: 0, to: bytes.count, by: width)
        let all = starts.compactMap { IPAddress(networkBytes: bytes[$0..<($0 + width)]) }
        return engine.pin(text, to: all, lifetime: lifetime)
    }
}

@c @implementation
public func egress_pin_answer(
    _ policy: egress_policy,
    _ message: UnsafePointer<UInt8>?,
    _ length: Int,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(message, length, limit: Text.messageLimit), decision) { $0.pin(answer: $1.bytes) }
}

@c @implementation
public func egress_decide_connect(
    _ policy: egress_policy,
    _ address: UnsafePointer<CChar>?,
    _ length: Int,
    _ port: UInt16,
    _ transport: Int32,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(address, length, limit: Text.nameLimit), decision) { engine, text in
        guard let address = IPAddress(text.string) else { return .refused(.invalidArgument, "this is no address") }
        return engine.decide(address: address, port: port, protocolNumber: transport)
    }
}

@c @implementation
public func egress_decide_sockaddr(
    _ policy: egress_policy,
    _ address: UnsafeRawPointer?,
    _ length: Int,
    _ transport: Int32,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(address, length, limit: 128), decision) { engine, text in
        switch SocketTarget(text.bytes) {
        case .internet(let address, let port):
            engine.decide(address: address, port: port, protocolNumber: transport)
        case .other(let family): engine.refuse(family: family)
        case nil: .refused(.invalidArgument, "this is no whole address")
        }
    }
}

@c @implementation
public func egress_decide_url(
    _ policy: egress_policy,
    _ url: UnsafePointer<CChar>?,
    _ length: Int,
    _ decision: UnsafeMutablePointer<egress_decision>?
) -> Int32 {
    unsafe decide(policy, Text(url, length, limit: Text.urlLimit), decision) { $0.decide(url: $1) }
}

/// Asks the engine behind a handle, if both it and the text can be had.
private func decide(
    _ policy: egress_policy,
    _ text: Text?,
    _ decision: UnsafeMutablePointer<egress_decision>?,
    _ body: (Engine, Text) -> Ruling
) -> Int32 {
    guard let engine = EngineTable[policy] else {
        return unsafe Ruling.refused(.invalidHandle, "this policy is not open").report(nil, decision)
    }
    guard let text else {
        return unsafe Ruling.refused(.invalidArgument, "an argument is null or too long").report(nil, decision)
    }
    return unsafe body(engine, text).report(engine, decision)
}
