// SPDX-License-Identifier: Apache-2.0

import CEgressABI
import EgressAudit
import EgressPolicy
import EgressText
import Synchronization

extension Ruling {
    /// Writes the reasons where the caller wants them, and returns what the C function returns.
    func report(_ engine: Engine?, _ decision: UnsafeMutablePointer<egress_decision>?) -> Int32 {
        if let writer = unsafe DecisionWriter(decision) {
            switch self {
            case .decided(let event): unsafe writer.write(event, engine)
            case .refused(let refusal, let message):
                unsafe writer.write(reason: refusal.rawValue, message: message.printable)
            }
        }
        return isAllowed ? EGRESS_ALLOWED : EGRESS_DENIED
    }
}

/// The caller's `egress_decision`, of which no byte is written that `struct_size` does not cover.
@unsafe private struct DecisionWriter {
    private let start: UnsafeMutableRawPointer
    private let size: Int

    init?(_ decision: UnsafeMutablePointer<egress_decision>?) {
        guard let decision = unsafe decision else { return nil }
        unsafe start = UnsafeMutableRawPointer(decision)
        unsafe size = start.loadUnaligned(as: Int.self)
    }

    func write(reason: String, rule: String = "", message: String = "", line: String = "") {
        unsafe write(reason, at: MemoryLayout<egress_decision>.offset(of: \.reason), until: \.rule)
        unsafe write(rule, at: MemoryLayout<egress_decision>.offset(of: \.rule), until: \.message)
        unsafe write(message, at: MemoryLayout<egress_decision>.offset(of: \.message), until: \.line)
        unsafe write(line, at: MemoryLayout<egress_decision>.offset(of: \.line), until: nil)
    }

    func write(_ event: AuditEvent, _ engine: Engine?) {
        guard let verdict = event.verdict else { return }
        let line = engine?.teller.withLock { $0.line(for: event) } ?? ""
        var message = ""
        if !verdict.isAllowed, let engine {
            // A teller that has told nothing has something to say of every denial.
            var teller = DenialTeller(detail: .denials, policy: engine.policy)
            message = teller.line(for: event) ?? ""
            message = String(message.drop { $0 != " " }.dropFirst())
        }
        unsafe write(
            reason: verdict.reason.rawValue,
            rule: verdict.rule?.description ?? "",
            message: message,
            line: line
        )
    }

    private func write(_ text: String, at offset: Int?, until next: PartialKeyPath<egress_decision>?) {
        let end = next.map { MemoryLayout<egress_decision>.offset(of: $0) } ?? MemoryLayout<egress_decision>.size
        guard let offset, let end, unsafe end <= size else { return }
        let field = unsafe UnsafeMutableRawBufferPointer(start: start + offset, count: end - offset)
        unsafe field.copyBytes(from: text.utf8.prefix(field.count - 1))
        unsafe field[min(text.utf8.count, field.count - 1)] = 0
    }
}
