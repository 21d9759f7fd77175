// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

extension WorkerAttestation {
    /// Reads the claims of a statement.
    init(claims value: JSONValue, keyID: String) throws(WorkerAttestationError) {
        let claims = try Claims(value, "")
        let profile = try claims.optional("eat_profile", claims.text) ?? ""
        guard profile == EvidenceProfile.identifier else { throw .unsupportedProfile(profile) }
        let own = try claims.child(EvidenceProfile.namespace)
        guard let isolation = IsolationLevel(rawValue: try own.text("isolation")) else {
            throw .invalidClaim("\(EvidenceProfile.namespace).isolation")
        }
        guard let version = try claims.list("swversion").first?.string else { throw .invalidClaim("swversion") }
        self.init(
            keyID: keyID,
            tokenID: try claims.text("jti"),
            workerID: try claims.optional("sub", claims.text),
            issuedAt: try claims.number("iat"),
            expiresAt: try claims.number("exp"),
            isolation: isolation,
            softwareVersion: version
        )
        guard !tokenID.isEmpty else { throw .invalidClaim("jti") }
        notBefore = try claims.optional("nbf", claims.number) ?? issuedAt
        nonce = try claims.optional("eat_nonce", claims.text)
        try read(own)
    }

    private mutating func read(_ own: Claims) throws(WorkerAttestationError) {
        guard let statement = Statement(rawValue: try own.text("statement")) else {
            throw .invalidClaim("\(EvidenceProfile.namespace).statement")
        }
        self.statement = statement
        policyDigest = try own.optional("policy", own.digest)
        launcherDigest = try own.optional("launcher", own.digest)
        imageDigest = try own.optional("image", own.digest)
        buildDigest = try own.optional("build", own.digest)
        artifactDigest = try own.optional("artifact", own.digest)
        if own.has("executable") { executable = try Executable(own.child("executable")) }
        if own.has("kernel") {
            let kernel = try own.child("kernel")
            (kernelRelease, machine) = (try kernel.text("release"), try kernel.text("machine"))
        }
        // All of it or nothing: a part of the measurements shows nothing.
        if own.has("namespaces") || own.has("seccomp") { measurements = try Measurements(own) }
        if statement == .final { outcome = try Outcome(own) }
    }
}

extension WorkerAttestation.Executable {
    fileprivate init(_ claims: Claims) throws(WorkerAttestationError) {
        self.init(path: try claims.text("path"), digest: try claims.digest("digest"))
        guard claims.has("interpreter") else { return }
        let child = try claims.child("interpreter")
        interpreter = WorkerAttestation.Interpreter(path: try child.text("path"), digest: try child.digest("digest"))
    }
}

extension WorkerAttestation.Outcome {
    fileprivate init(_ own: Claims) throws(WorkerAttestationError) {
        self.init(
            start: try own.text("start"),
            exitStatus: try own.number("exit_status"),
            allowed: try own.number("allowed"),
            denied: try own.number("denied")
        )
        guard own.has("audit") else { return }
        let audit = try own.child("audit")
        auditDigest = try audit.digest("digest")
        auditLost = try audit.number("lost")
    }
}

extension WorkerAttestation.Measurements {
    fileprivate init(_ own: Claims) throws(WorkerAttestationError) {
        let namespaces = try own.child("namespaces")
        let seccomp = try own.child("seccomp")
        let sets = try own.child("capabilities")
        self.init(
            workerNamespaces: try Self.inodes(namespaces.child("worker")),
            relayNetwork: try namespaces.child("relay").number("net"),
            hostNamespaces: try Self.inodes(namespaces.child("host")),
            relayLinks: try Self.links(own, "relay_links"),
            workerLinks: try Self.links(own, "worker_links"),
            seccompMode: try seccomp.number("mode"),
            seccompFilters: try seccomp.number("filters"),
            hostSeccompFilters: try seccomp.number("host_filters"),
            seccompDigest: try seccomp.digest("digest"),
            noNewPrivileges: try own.truth("no_new_privs"),
            capabilities: WorkerAttestation.Capabilities(
                inheritable: try sets.mask("inheritable"),
                permitted: try sets.mask("permitted"),
                effective: try sets.mask("effective"),
                bounding: try sets.mask("bounding"),
                ambient: try sets.mask("ambient")
            )
        )
        let account = try own.optional("user") { name throws(WorkerAttestationError) in try own.child(name) }
        user = try account?.number("uid")
        group = try account?.number("gid")
        landlock = try own.optional("landlock") { name throws(WorkerAttestationError) in try own.texts(name) }
        descriptors = try own.optional("descriptors") { name throws(WorkerAttestationError) in
            try own.texts(name)
        }
    }

    private static func inodes(_ claims: Claims) throws(WorkerAttestationError) -> [String: Int64] {
        var result: [String: Int64] = [:]
        for name in claims.members.keys { result[name] = try claims.number(name) }
        return result
    }

    private static func links(
        _ own: Claims,
        _ name: String
    ) throws(WorkerAttestationError) -> [WorkerAttestation.Link] {
        var links: [WorkerAttestation.Link] = []
        for value in try own.list(name) {
            let link = try Claims(value, own.path + name)
            links.append(
                WorkerAttestation.Link(
                    index: try link.number("index"),
                    name: try link.text("name"),
                    kind: try link.text("kind"),
                    isUp: try link.truth("up"),
                    peer: try link.optional("peer", link.text)
                )
            )
        }
        return links
    }
}
