// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests

/// The next request of a fetch: at first what the caller asked for, then what redirects made of it.
struct Step {
    var method: FetchRequest.Method
    var url: String
    var headers: [FetchHeader]
    var body: [UInt8]
    var credentials: CredentialBindingPlan
    /// What was dropped on the way here.
    var dropped: Set<String> = []

    init(_ request: FetchRequest, headers: [FetchHeader]) {
        method = request.method
        url = request.url
        self.headers = headers
        body = request.method == .post ? request.body : []
        credentials = request.credentials
    }

    /// The request that a redirect leads to (RFC 9110, section 15.4).
    func redirected(_ status: UInt, from old: WebURL, to new: WebURL) throws(FetchError) -> Step {
        var next = self
        next.url = "\(new)"
        next.dropped = []
        // A POST becomes a GET: with 303 always, with 301 and 302 as all clients have it (notes of sections 15.4.2 and 15.4.3).
        if method == .post, [301, 302, 303].contains(status) {
            next.method = .get
            next.body = []
            next.headers.removeAll { $0.name.hasPrefix("content-") }
        }
        guard next.body.isEmpty || new.isSecure || !old.isSecure else {
            throw Redirect.refusal("it would send the request's body in the clear", to: new)
        }
        if !Redirect.isSameOrigin(old, new) {
            next.headers.removeAll { !RequestHeaderRules.harmless.contains($0.name) }
            next.dropped.formUnion(headers.map(\.name).filter { !RequestHeaderRules.harmless.contains($0) })
        }
        next.credentials = credentials.surviving(redirectFrom: old, to: new)
        let kept = Set(next.credentials.bindings.map(\.header))
        next.dropped.formUnion(credentials.bindings.map(\.header).filter { !kept.contains($0) })
        return next
    }
}
