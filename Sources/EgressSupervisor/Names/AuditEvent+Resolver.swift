// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy

extension AuditEvent {
    /// What became of a question for a name.
    init(_ event: ResolverEvent) {
        self.init(.name, event.verdict)
        host = event.name
        recordType = event.type.description
        detail = event.detail
        if case .addresses(let addresses) = event.outcome { self.addresses = addresses }
    }
}
