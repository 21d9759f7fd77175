// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct ReasonTests {
    // Tools match on these; a change breaks them.
    @Test(arguments: [
        "allowed", "host_not_allowlisted", "address_not_pinned", "private_target_blocked", "metadata_blocked",
        "denied_by_rule", "port_not_allowed", "protocol_not_allowed", "unsupported_scheme", "url_credentials_forbidden",
        "missing_host", "missing_port", "non_canonical_address", "dns_resolution_failed", "empty_resolution",
        "record_type_not_allowed", "invalid_response_budget", "response_budget_exceeded", "limit_reached",
        "invalid_credential_header", "exec_credential_source_forbidden", "credential_source_forbidden",
        "invalid_secret_reference", "redirect_blocked", "unix_socket_not_allowed", "sni_mismatch", "foreign_socket",
        "unreadable_caller", "invalid_url", "invalid_method",
    ])
    func `a reason keeps its code`(code: String) {
        #expect(Reason(rawValue: code) != nil)
    }

    @Test(arguments: Reason.allCases)
    func `a reason is told in one clause`(reason: Reason) {
        #expect(reason.summary.utf8.count > 10)
        #expect(!reason.summary.hasSuffix("."))
        #expect(Verdict(reason).isAllowed == (reason == .allowed))
    }
}
