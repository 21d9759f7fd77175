// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressCommandLine

struct HelpTests {
    // Compared whole: a change of the help is a change of the contract and should be seen in a review.
    @Test func `the help text is this`() {
        #expect(
            Help.text == """
                usage: egress-run [options] [--] command [args...]
                       egress-run [options] -c 'shell line' [$0 args...]

                Runs a command so that it, and everything it starts, can reach only what is allowed.
                Nothing is allowed by default.

                  --allow RULE         allow a host or address; repeatable
                  --deny RULE          deny a host or address, whatever allows it; repeatable
                  --policy FILE        read rules from a YAML or JSON file as well
                  --allow-private      let allowed names resolve to private addresses
                  --allow-unix PATH    allow a unix socket of a process outside; repeatable
                  --allow-unix-datagram PATH
                                       allow unix datagram sockets, and this one of a process outside;
                                       repeatable; 'inside' in place of a path allows none outside
                  --device PATH        give the command a device of this machine, as /dev/kvm, or a
                                       directory of them, as /dev/dri; repeatable
                  --dns ADDR[:PORT]    ask this DNS server; repeatable, tried in order
                                       (default: the policy's, then those of /etc/resolv.conf)
                  --audit FILE         write each decision as a line of JSON; - is standard error
                  --audit-limit SIZE   write at most so many bytes: 500K, 64M (the default) or 2G;
                                       0 for any number
                  --isolation MODE     netns (the default): network namespaces of its own, which hold
                                       everything; preload: only a library in the command's
                                       processes, which holds those that cooperate
                  --preload            with netns: refuse denied names inside the processes, too
                  --timeout SECONDS    end the command and all it started after this time
                  --attest FILE        write a signed statement of how the command is held, before it
                                       runs; and one of what became of it, to FILE.final
                  --attest-key FILE    sign with this key, of egress attest keygen
                                       (default: ~/.config/egress/attest.key)
                  --worker-id ID       name the worker in the statement
                  --attest-nonce TEXT  answer this challenge, of 8 to 88 characters
                  --attest-ttl SECONDS how long the statement is valid (default: 600)
                  --attest-digest NAME=DIGEST  state its origin: image, build or artifact=sha256:...
                  -c                   run a line with /bin/sh
                  -q                   tell errors only
                  -v                   tell what was allowed, too
                  --version            print the version
                  --help               print this text

                A RULE is one of these; :443, :80,8000-8010, /tcp, /udp may follow and narrow it:
                  example.com          this name
                  .example.com         this name and all below it
                  *.example.com        all names below it
                  192.0.2.7  [2001:db8::7]  198.51.100.0/24  2001:db8::/32
                  127.0.0.1:5432       this port of this machine, outside the command's own loopback

                Exit status: the command's own; 128+N if signal N ended it; 124 timed out;
                125 egress-run failed and the command was not run; 126 cannot execute; 127 not found.

                Example: egress-run --allow example.com:443 -- curl https://example.com/

                """
        )
    }

    @Test(arguments: Option.allCases)
    func `every option is in the help`(option: Option) {
        let entry = "  " + option.rawValue + (option.value.map { " " + $0 } ?? "")
        #expect([" ", "\n"].contains { Help.text.contains("\n" + entry + $0) })
    }

    @Test func `a line of the help fits a terminal`() {
        #expect(Help.text.split(separator: "\n").allSatisfy { $0.count <= 90 })
    }
}
