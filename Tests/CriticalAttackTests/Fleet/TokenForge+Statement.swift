// SPDX-License-Identifier: Apache-2.0

extension TokenForge {
    /// What egress-run says of a well-held worker, but for its times, its nonce and its identifier.
    static let statement = """
        {"eat_profile":"urn:uuid:ba4da217-4852-4823-8039-d12de5c811ac","iss":"egress-run","sub":"\(workerID)",
        "swname":"egress-run","swversion":["1.0.0"],
        "egress_run":{"statement":"start","isolation":"netns","policy":"\(digest)","launcher":"\(digest)",
        "image":"\(digest)","build":"\(digest)","artifact":"\(digest)",
        "executable":{"path":"/usr/bin/worker","digest":"\(digest)"},
        "kernel":{"release":"6.18.0","machine":"x86_64"},
        "namespaces":{"worker":{"net":1,"pid":2,"mnt":3,"ipc":4,"uts":5,"user":6},"relay":{"net":7},
        "host":{"net":11,"pid":12,"mnt":13,"ipc":14,"uts":15,"user":16}},
        "relay_links":[{"index":1,"name":"lo","kind":"loopback","up":true},
        {"index":2,"name":"r","kind":"veth","up":true,"peer":"worker"}],
        "worker_links":[{"index":1,"name":"lo","kind":"loopback","up":true},
        {"index":2,"name":"w","kind":"veth","up":true,"peer":"relay"}],
        "seccomp":{"mode":2,"filters":1,"host_filters":0,"digest":"\(digest)"},"no_new_privs":true,
        "capabilities":{"inheritable":"0000000000000000","permitted":"0000000000000000",
        "effective":"0000000000000000","bounding":"0000000000000000","ambient":"0000000000000000"}}}
        """
}
