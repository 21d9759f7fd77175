// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// What a question comes to.
enum Finding: Sendable, Equatable {
    /// An answer that was checked and pinned, or has nothing to pin.
    case answer(Answer, Verdict)
    /// The policy says no; the phrase names the alias or the address.
    case denied(Verdict, String?)
    /// The name is allowed, and yet there is no answer.
    case failed(Failure)

    /// Why an allowed name got no answer.
    struct Failure: Sendable, Equatable {
        /// What failed, and the rule that allowed the name.
        var verdict: Verdict
        var code: ExtendedError.Code
        var response: ResponseCode
        var detail: String
    }

    /// Upstream gave no usable answer.
    static func unresolved(_ allowed: Verdict, _ code: ExtendedError.Code, _ detail: String) -> Finding {
        let verdict = Verdict(.dnsResolutionFailed, rule: allowed.rule)
        return .failed(Failure(verdict: verdict, code: code, response: .serverFailure, detail: detail))
    }

    /// There are addresses, and it isn't known yet what the network makes of them.
    ///
    /// NOERROR without data: for musl a SERVFAIL would take the IPv4 addresses of the name as well.
    static func untranslated(_ allowed: Verdict, _ detail: String) -> Finding {
        let verdict = Verdict(.dnsResolutionFailed, rule: allowed.rule)
        return .failed(Failure(verdict: verdict, code: .noReachableAuthority, response: .noError, detail: detail))
    }

    /// One of our tables is full.
    static func limited(
        _ allowed: Verdict,
        _ detail: String,
        response: ResponseCode = .serverFailure
    ) -> Finding {
        let verdict = Verdict(.limitReached, rule: allowed.rule)
        return .failed(Failure(verdict: verdict, code: .other, response: response, detail: detail))
    }
}
