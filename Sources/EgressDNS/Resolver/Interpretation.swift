// SPDX-License-Identifier: Apache-2.0

/// What one response of a server says about a name, before any policy.
///
/// Only records of the Internet class count whose owner is the name or the end of a chain of aliases that starts there;
/// everything else in the response, and its additional section as a whole, is not looked at.
enum Interpretation: Equatable {
    /// An answer; its lifetime is as the server has it.
    case answer(Answer)
    /// The aliases end at a name about which the response says nothing: ask for that.
    case incomplete(aliases: [DNSName], lifetime: UInt32)
    /// The response is of no use.
    case failure(ServerFailure)

    init(_ message: DNSMessage, name: DNSName, type: RecordType, aliasLimit: Int) {
        guard message.responseCode == .noError || message.responseCode == .nameError else {
            self = .failure(.refused(message.responseCode))
            return
        }
        var targets: [DNSName: DNSName] = [:]
        var data: [DNSName: [RecordData]] = [:]
        var lifetimes: [DNSName: UInt32] = [:]
        for record in message.answers where record.recordClass == Question.internetClass {
            if case .cname(let spelled) = record.data {
                let target = spelled.lowercased
                guard targets.updateValue(target, forKey: record.name) ?? target == target else {
                    self = .failure(.aliases)
                    return
                }
            }
            if record.data.type == type { data[record.name, default: []].append(record.data.lowercased) }
            lifetimes[record.name] = min(lifetimes[record.name] ?? .max, record.lifetime)
        }

        var answer = Answer(lifetime: .max)
        var current = name
        var seen: Set<DNSName> = [name]
        while data[current] == nil, let target = targets[current] {
            answer.aliases.append(target)
            answer.lifetime = min(answer.lifetime, lifetimes[current] ?? 0)
            guard answer.aliases.count <= aliasLimit, seen.insert(target).inserted else {
                self = .failure(.aliases)
                return
            }
            current = target
        }
        self = Self.end(of: answer, message, data: data[current] ?? [], lifetime: lifetimes[current] ?? 0)
    }

    private static func end(
        of chain: Answer,
        _ message: DNSMessage,
        data: [RecordData],
        lifetime: UInt32
    ) -> Interpretation {
        var answer = chain
        let negativeLifetime = message.authorities.lazy.compactMap(Self.negativeLifetime).first
        guard message.responseCode == .noError else {
            // RFC 2308, section 2.1: NXDOMAIN is about the end of the chain, whatever else the response holds.
            answer.exists = false
            answer.lifetime = min(answer.lifetime, negativeLifetime ?? 0)
            return .answer(answer)
        }
        if !data.isEmpty {
            var seen: Set<RecordData> = []
            answer.data = data.filter { seen.insert($0).inserted }
            answer.lifetime = min(answer.lifetime, lifetime)
            return .answer(answer)
        }
        if let negativeLifetime {
            answer.lifetime = min(answer.lifetime, negativeLifetime)
            return .answer(answer)
        }
        guard answer.aliases.isEmpty else {
            return .incomplete(aliases: answer.aliases, lifetime: answer.lifetime)
        }
        // RFC 2308, section 2.2: a referral looks like NODATA without SOA, but for its NS records.
        let refers = message.authorities.contains { $0.data.type == .ns }
        if refers, !message.recursionAvailable { return .failure(.notRecursive) }
        answer.lifetime = 0
        return .answer(answer)
    }

    /// RFC 2308, section 5: the lesser of the SOA's own lifetime and its minimum.
    private static func negativeLifetime(_ record: Record) -> UInt32? {
        guard case .soa(let soa) = record.data else { return nil }
        return min(record.lifetime, soa.minimum)
    }
}
